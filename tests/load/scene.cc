#include "load/scene.h"

#include <array>

#include <fmt/format.h>

#include "support/catch.h"

namespace spaceca::test {
namespace {

constexpr std::string_view kByPassword = "host all all 127.0.0.0/8 scram-sha-256\nhost all all ::1/128 scram-sha-256\n";
// Sessions end a moment after their clients have gone, so there are more than clients.
constexpr std::string_view kRoomForAll = "max_connections = 200\n";
// Postgres::kPassword with one iteration in the place of 4096, which cost a client more than all else that it does:
//   salted = hashlib.pbkdf2_hmac("sha256", password, salt, 1)
//   base64 of the salt, of sha256(hmac(salted, "Client Key")) and of hmac(salted, "Server Key"); RFC 5802
constexpr std::string_view kQuickPassword =
    "SCRAM-SHA-256$1:b25seSBmb3IgdGVzdHMhIQ==$oDEo4Xl88XeiZCd09QnpwaxQj9VMoNjjX3On94vT5pY=:"
    "KzA6amDeZNBzGlsSlKFzbnCXFWdf+xUze8ZQ2U2n558=";

}  // namespace

LoadScene::LoadScene() : server({}, kByPassword, {}, kRoomForAll) {
  server.sql(fmt::format("alter role app password '{}'", kQuickPassword));
  store = create_sqlite_store(folder_.path() / "ca.db");
  const auto key = folder_.path() / "ca.kek";
  create_key_file(key);
  vault = create_sealed_vault(*store, KeyFile{key}, clock.now());
  authority = std::make_unique<Authority>(*store, *vault, clock);
  space = authority->create_space(SpaceName{"acme"}, Actor{"ops"});
  const std::string url = fmt::format("postgresql://app@localhost:{}/app", server.port());
  space->create_database({.name = kSales,
                          .app = AppName{"shop"},
                          .hosts = {HostName{"localhost"}},
                          .url = DatabaseUrl{SecretBytes{std::string_view{url}}},
                          .data_directory = server.data(),
                          .contacts = {"owner@example.com"}});
  const std::array rules{IpRuleSpec{.cidr = Cidr{"127.0.0.0/8"}}, IpRuleSpec{.cidr = Cidr{"::1"}}};
  space->create_ip_rules(kSales, rules);
}

void LoadScene::publish() {
  const SweepPart part = authority->publish_pending(*publisher);
  REQUIRE((part.failed.empty() ? "" : part.failed.front().what) == "");
  REQUIRE_FALSE(database().publication_pending);
}

CertificateId LoadScene::enable() {
  space->enable_mtls(kSales);
  publish();
  REQUIRE(database().state == DatabaseState::operational);
  return certificates([](const CertificateRecord& row) { return row.kind == CertificateKind::client; }).back();
}

void LoadScene::disable() {
  space->disable_mtls(kSales);
  publish();
  REQUIRE(database().state == DatabaseState::disabled);
}

std::vector<CertificateId> LoadScene::certificates(const std::function<bool(const CertificateRecord&)>& which) const {
  std::vector<CertificateId> found;
  std::string after;
  do {
    const auto page = space->certificates(kSales, {}, {.after = after, .limit = 1000});
    for (const CertificateRecord& row : page.items) {
      if (which(row)) found.push_back(row.id);
    }
    after = page.next;
  } while (!after.empty());
  return found;
}

void LoadScene::check_states(const std::vector<Holder>& holders) const {
  for (const Holder& holder : holders) {
    const CertificateState state = state_of(holder.id);
    const std::string why = why_not_in(holder);
    INFO(holder.id.text() << " is " << text_of(state));
    if (state == CertificateState::ready) CHECK(why == "");
    if (state == CertificateState::disabled) CHECK(is_refusal(why));
  }
}

}  // namespace spaceca::test
