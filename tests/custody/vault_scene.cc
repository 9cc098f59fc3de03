#include "custody/vault_scene.h"

#include <chrono>
#include <sstream>

namespace spaceca::test {

std::string name_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::malformed: return "malformed";
    case Errc::passphrase_wrong: return "passphrase_wrong";
    case Errc::policy: return "policy";
    case Errc::mismatch: return "mismatch";
    case Errc::exists: return "exists";
    case Errc::not_found: return "not_found";
    case Errc::permission: return "permission";
    case Errc::no_space: return "no_space";
    case Errc::busy: return "busy";
    case Errc::corrupt: return "corrupt";
    case Errc::crypto: return "crypto";
    case Errc::wrong_process: return "wrong_process";
    default: return "another code";
  }
}

std::string outcome_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return name_of(error.code());
  }
  return "none";
}

VaultScene::VaultScene()
    : store_(create_sqlite_store(place("ca.db"))),
      sql_({.path = place("ca.db").string(), .shown = "ca.db"}, store::SqliteConnection::Access::write, std::chrono::seconds{10}) {
  sql("PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF");
}

KeyFile VaultScene::key(const std::string& name) const {
  if (!std::filesystem::exists(place(name))) create_key_file(place(name));
  return {place(name)};
}

std::string VaultScene::opening(const VaultKey& key) {
  const std::string outcome = outcome_of([&] { static_cast<void>(sealed_vault(store(), key)); });
  return outcome == "none" ? "opens" : outcome;
}

std::vector<std::vector<std::string>> vectors(const std::string& name) {
  std::vector<std::vector<std::string>> lines;
  std::istringstream text{data("vault/" + name)};
  for (std::string line; std::getline(text, line);) {
    std::vector<std::string>& cells = lines.emplace_back();
    std::size_t from = 0;
    for (auto tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', from)) {
      cells.push_back(line.substr(from, tab - from));
      from = tab + 1;
    }
    cells.push_back(line.substr(from));
  }
  return lines;
}

}  // namespace spaceca::test
