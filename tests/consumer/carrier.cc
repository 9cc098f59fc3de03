// A user's program that publishes: carrier FOLDER says whether that folder could be a server's.
#include <iostream>

#include <spaceca/error.h>
#include <spaceca/postgres_publisher.h>

int main(int, char** arguments) {
  const auto publisher = spaceca::postgres_publisher();
  try {
    const spaceca::Served served =
        publisher->current({.space = spaceca::SpaceName{"acme"},
                            .database = spaceca::DatabaseName{"orders"},
                            .data_directory = arguments[1],
                            .url = spaceca::SecretBytes{std::string_view{"postgresql://app@localhost/app"}}});
    std::cout << served.number << '\n';
  } catch (const spaceca::Error& error) {
    std::cout << (error.code() == spaceca::Errc::not_found ? "not there" : error.what()) << '\n';
  }
}
