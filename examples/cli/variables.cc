#include <cctype>

#include "variables.h"

using namespace spaceca;

std::string variable_of(const DatabaseName& database) {
  std::string variable;
  for (const char c : database.text()) variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable + "_URL";
}

std::vector<DatabaseRecord> chosen_by(const std::string& variable, std::vector<DatabaseRecord> of_app) {
  std::vector<DatabaseRecord> named;
  for (const DatabaseRecord& database : of_app) {
    if (variable_of(database.name) == variable) named.push_back(database);
  }
  if (!named.empty() || variable != "DATABASE_URL") return named;
  // Several spaces may hold the app's one database.
  for (const DatabaseRecord& database : of_app) {
    if (database.name != of_app.front().name) return {};
  }
  return of_app;
}
