// A user's program that keeps a store: keeper FILE makes one, opens it again and says how it is.
#include <iostream>

#include <spaceca/sqlite_store.h>

int main(int, char** arguments) {
  const std::filesystem::path file{arguments[1]};
  spaceca::create_sqlite_store(file).reset();
  std::cout << (spaceca::open_sqlite_store(file)->check().empty() ? "sound" : "damaged") << '\n';
}
