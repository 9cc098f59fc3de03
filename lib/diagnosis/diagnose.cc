#include <spaceca/diagnosis.h>

#include <algorithm>
#include <utility>

#include "diagnosis/answer.h"
#include "diagnosis/chain.h"
#include "diagnosis/client_files.h"
#include "diagnosis/contents.h"
#include "diagnosis/due.h"
#include "diagnosis/server.h"

namespace spaceca {
namespace {

using diagnosis::Contents;

// Everything about the files that hangs on no server.
Contents judged_files(const ClientFiles& files, const ClientUse& use, std::vector<Diagnosis>& found) {
  diagnosis::judge_presence(files, found);
  Contents contents = diagnosis::contents_of(files, found);
  diagnosis::judge_permissions(files, found);
  diagnosis::judge_keys(files, contents, found);
  diagnosis::judge_pkcs12(files, contents, found);
  diagnosis::judge_roots(files, contents, found);
  diagnosis::judge_lists(files, contents, use.now, found);
  diagnosis::judge_certificate(files, contents, use, found);
  return contents;
}

// What keeps somebody out for sure comes first.
std::vector<Diagnosis> faults_first(std::vector<Diagnosis> found) {
  std::stable_partition(found.begin(), found.end(), [](const Diagnosis& one) { return one.certainty == Certainty::fault; });
  return found;
}

}  // namespace

std::vector<Diagnosis> diagnose(const ClientFiles& files, const ClientUse& use) {
  std::vector<Diagnosis> found;
  const Contents contents = judged_files(files, use, found);
  diagnosis::judge_issuer(files, contents, use.now, found);
  return faults_first(std::move(found));
}

std::vector<Diagnosis> diagnose(const ServerSeen& server, const ClientUse& use) {
  std::vector<Diagnosis> found;
  diagnosis::judge_server(server, use, found);
  diagnosis::judge_answer_to_none(server, use, found);
  return faults_first(std::move(found));
}

std::vector<Diagnosis> diagnose(const ClientFiles& files, const ServerSeen& server, const ClientUse& use) {
  std::vector<Diagnosis> found;
  const Contents contents = judged_files(files, use, found);
  diagnosis::judge_server(server, use, found);
  diagnosis::judge_trust_in_server(server, contents, use, found);
  diagnosis::judge_answer(server, files, contents, use, found);
  diagnosis::judge_pgjdbc(server, files, contents, found);
  return faults_first(std::move(found));
}

std::vector<Diagnosis> diagnose(const ServerDue& due, const ServerSeen& server, const std::optional<std::vector<Crl>>& in_force,
                                const ClientUse& use) {
  std::vector<Diagnosis> found;
  diagnosis::judge_served_certificate(due, server, use, found);
  diagnosis::judge_served_roots(due, server, found);
  if (in_force) diagnosis::judge_lists_in_force(due, server, *in_force, use.now, found);
  return faults_first(std::move(found));
}

std::vector<Diagnosis> diagnose(const ServerDue& due, const ClientFiles& files) {
  std::vector<Diagnosis> ignored;
  const Contents contents = diagnosis::contents_of(files, ignored);
  std::vector<Diagnosis> found;
  if (files.roots) diagnosis::judge_roots_known(due, *files.roots, contents.roots, found);
  return found;
}

std::optional<Shown> shown_of(const ClientFiles& files) {
  std::vector<Diagnosis> ignored;
  diagnosis::Contents contents = diagnosis::contents_of(files, ignored);
  const PrivateKey* const key = diagnosis::shown_key(contents);
  Chain chain = diagnosis::shown_chain(contents);
  if (key == nullptr || chain.empty()) return std::nullopt;
  std::string name = diagnosis::common_name_of(chain.front());
  return Shown{
      .chain = std::move(chain), .key = PrivateKey::from_pkcs8_der(key->pkcs8_der().reveal()), .common_name = std::move(name)};
}

}  // namespace spaceca
