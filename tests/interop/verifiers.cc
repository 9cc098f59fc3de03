#include "verifiers.h"

#include "java.h"
#include "support/catch.h"
#include "support/child.h"
#include "support/text.h"

namespace spaceca::test {

std::string openssl(const ChainOnDisk& chain, Purpose purpose, Instant at, const std::vector<std::string>& more) {
  std::vector<std::string> command = {"openssl",      "verify",
                                      "-x509_strict", "-check_ss_sig",
                                      "-purpose",     purpose == Purpose::server ? "sslserver" : "sslclient",
                                      "-CAfile",      chain.roots(),
                                      "-attime",      std::to_string(at.time_since_epoch().count())};
  command.insert(command.end(), more.begin(), more.end());
  command.push_back(chain.certificate());
  const Outcome answer = run(command);
  return answer.exit_code == 0 ? "accepted" : answer.err;
}

std::string gnutls(const ChainOnDisk& chain, Purpose purpose, Instant at, const std::vector<std::string>& more) {
  std::vector<std::string> command = {"faketime",
                                      "-f",
                                      text_of(at),
                                      "certtool",
                                      "--verify",
                                      "--load-ca-certificate",
                                      chain.roots(),
                                      "--verify-purpose",
                                      purpose == Purpose::server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2",
                                      "--infile",
                                      chain.certificate()};
  command.insert(command.end(), more.begin(), more.end());
  const std::string out = run(command).out;
  const auto verdict = out.find("Chain verification output: ");
  return verdict == std::string::npos ? "no verdict: " + out : out.substr(verdict, out.find('\n', verdict) - verdict);
}

std::string nss_database(const ChainOnDisk& chain, const std::vector<std::string>& root_files) {
  const std::string database = "sql:" + (chain.folder.path() / "nssdb").string();
  std::filesystem::create_directory(chain.folder.path() / "nssdb");
  REQUIRE(run({"certutil", "-N", "-d", database, "--empty-password"}).exit_code == 0);
  for (const std::string& root : root_files) {
    REQUIRE(run({"certutil", "-A", "-d", database, "-n", root, "-t", "CT,,", "-a", "-i", root}).exit_code == 0);
  }
  return database;
}

std::string nss(const ChainOnDisk& chain, Purpose purpose, Instant at) {
  const std::string database = nss_database(chain, {chain.roots()});
  std::string time = text_of(at);  // 2026-11-24 12:00:00 -> 261124120000Z
  std::erase_if(time, [](char c) { return c == '-' || c == ' ' || c == ':'; });
  return run({"vfychain", "-d", database, "-u", purpose == Purpose::server ? "1" : "0", "-b", time.substr(2) + "Z", "-a",
              chain.certificate()})
      .err;
}

std::string pkix(const ChainOnDisk& chain, Purpose purpose, Instant at) {
  return java("PkixProbe", {"--cert", chain.certificate(), "--root", chain.roots(), "--at", rfc3339(at), "--purpose",
                            purpose == Purpose::server ? "server" : "client"})
      .out;
}

std::string go(const ChainOnDisk& chain, Purpose purpose, Instant at, const std::vector<std::string>& more) {
  std::vector<std::string> command = {SPACECA_PEERS "/verify",
                                      "-cert",
                                      chain.certificate(),
                                      "-roots",
                                      chain.roots(),
                                      "-at",
                                      rfc3339(at),
                                      "-purpose",
                                      purpose == Purpose::server ? "server" : "client",
                                      "-key",
                                      chain.key()};
  command.insert(command.end(), more.begin(), more.end());
  return run(command).out;
}

}  // namespace spaceca::test
