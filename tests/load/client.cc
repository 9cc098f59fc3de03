#include "load/client.h"

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include <libpq-fe.h>

#include <fmt/format.h>

#include <spaceca/exporter.h>
#include <spaceca/files.h>

#include "support/postgres.h"

namespace spaceca::test {
namespace {

struct Finish {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};

std::string one_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

std::filesystem::path fetch(const Space& space, const CertificateId& id, const std::filesystem::path& below) {
  // A folder is never written twice: files that are replaced under a client may be of two certificates (files.h).
  static std::atomic<int> count{0};
  auto folder = below / fmt::format("{}.{}", id.text(), ++count);
  files::write(folder, exporter::libpq(space.download(id).credential()));
  return folder;
}

std::string why_not_in(const std::filesystem::path& files, int port, const Way& way) {
  const std::string number = std::to_string(port);
  const std::string password{Postgres::kPassword};
  const std::string certificate = (files / exporter::kCertificatesName).string();
  const std::string key = (files / exporter::kKeyName).string();
  const std::string roots = (files / exporter::kRootsName).string();
  const std::vector<std::pair<const char*, const char*>> options{
      {"host", "localhost"},
      {"hostaddr", way.address},
      {"port", number.c_str()},
      {"dbname", "app"},
      {"user", "app"},
      {"password", password.c_str()},
      {"sslmode", "verify-full"},
      {"ssl_max_protocol_version", way.newest_tls},
      {"sslcert", certificate.c_str()},
      {"sslkey", key.c_str()},
      {"sslrootcert", roots.c_str()},
      {"gssencmode", "disable"},
      {"connect_timeout", "120"},
  };
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : options) {
    names.push_back(name);
    values.push_back(value);
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  const std::unique_ptr<PGconn, Finish> connection{PQconnectdbParams(names.data(), values.data(), 0)};
  if (PQstatus(connection.get()) != CONNECTION_OK) return "not connected: " + one_line(PQerrorMessage(connection.get()));
  const std::unique_ptr<PGresult, Clear> result{PQexec(connection.get(), "select 1")};
  if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return "not answered: " + one_line(PQerrorMessage(connection.get()));
  return {};
}

bool is_refusal(const std::string& why) {
  return why.find("alert certificate revoked") != std::string::npos || why.find("alert unknown ca") != std::string::npos;
}

}  // namespace spaceca::test
