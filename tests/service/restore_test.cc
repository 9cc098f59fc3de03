// A store that was put back from a backup, before servers that know more than it does.
#include <cstdint>
#include <stdexcept>

#include <spaceca/issuer.h>

#include "service/scene.h"
#include "store/scene.h"
#include "support/catch.h"
#include "support/crl_oracle.h"

namespace spaceca::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

// Played servers, of which one answers in words of its own.
class OneIsOdd final : public AroundServers {
 public:
  OneIsOdd(PlayedServers& servers, std::string odd) : AroundServers(servers), odd_(std::move(odd)) {}

 private:
  void before(const ServedDatabase& where) override {
    if (where.database.text() == odd_) throw std::runtime_error{"out of paper"};
  }

  std::string odd_;
};

class Restored : public AuthorityScene {
 public:
  Restored() : AuthorityScene(kStart, FolderOn::memory) { serve(space()); }

  [[nodiscard]] Space acme() const { return authority->space(SpaceName{"acme"}, kOps); }
  void back_up() const { store->backup(backup()); }
  void put_back() { restore(backup()); }
  // So that there is something to bring to the servers.
  void want() const { static_cast<void>(acme().issue_client(db(), {.role = RoleName{"reader"}})); }
  SweepPart published() { return authority->publish_pending(servers); }
  // A client, which is in the backup, and is revoked after it.
  Bundle lose_one() {
    Bundle client = acme().issue_client(db());
    back_up();
    clock.advance(std::chrono::seconds{1});
    acme().revoke(client.record.id, RevocationReason::key_compromise);
    CHECK(published().failed.empty());
    CHECK_FALSE(servers.lets_in("sales", client.chain.front()));
    put_back();
    return client;
  }

 private:
  [[nodiscard]] std::filesystem::path backup() const { return file().parent_path() / "backup.db"; }
};

TEST_CASE_METHOD(Restored, "a restored store publishes nothing until it has adopted what its server knows", "[restore]") {
  const Bundle client = lose_one();
  CHECK(acme().find_certificate(client.record.id)->state == CertificateState::ready);  // it has forgotten
  want();
  const SweepPart refused = published();
  REQUIRE(refused.failed.size() == 1);
  CHECK(refused.failed[0].code == Errc::policy);
  CHECK_THAT(refused.failed[0].what, StartsWith("database \"sales\": its server has list ") &&
                                         ContainsSubstring("spaces:adopt takes over what the server knows"));
  CHECK_FALSE(servers.lets_in("sales", client.chain.front()));

  const Adoption adoption = acme().adopt(servers);
  CHECK(adoption.entries == 2);  // and the revoked probe's
  CHECK(adoption.missed.empty());
  CHECK(published().failed.empty());
  CHECK_FALSE(servers.lets_in("sales", client.chain.front()));
  CHECK(acme().crls()[0].find(client.record.serial)->reason == RevocationReason::key_compromise);
  CHECK_FALSE(acme().find_database(db())->publication_pending);
  CHECK(acme().find_certificate(client.record.id)->state == CertificateState::disabled);
}

TEST_CASE_METHOD(Restored, "what is adopted of a certificate that was issued after the backup is its serial", "[restore]") {
  back_up();
  const Bundle client = acme().issue_client(db());
  acme().revoke(client.record.id, RevocationReason::superseded);
  CHECK(published().failed.empty());
  put_back();
  static_cast<void>(acme().adopt(servers));
  CHECK(published().failed.empty());
  CHECK_FALSE(acme().find_certificate(client.record.id).has_value());
  CHECK_FALSE(servers.lets_in("sales", client.chain.front()));
}

TEST_CASE_METHOD(Restored, "a restored store is found out by what it has not revoked, though its own list is the later one",
                 "[restore]") {
  const Bundle client = lose_one();
  clock.advance(std::chrono::days{8});
  // Of all that the server refuses the client alone is left, which was issued here and is not revoked here.
  for (const Crl& list : servers.servers.at("sales").crls) {
    for (const RevokedEntry& entry : list.entries()) {
      if (!(entry.serial == client.record.serial)) acme().revoke_serial(1, entry.serial, RevocationReason::unspecified);
    }
  }
  const SweepPart refused = sweep().publications;
  REQUIRE(refused.failed.size() == 1);
  CHECK_THAT(refused.failed[0].what, StartsWith("database \"sales\": its server refuses serial " + client.record.serial.hex()));
  static_cast<void>(acme().adopt(servers));
  CHECK(sweep().publications.failed.empty());
  CHECK_FALSE(servers.lets_in("sales", client.chain.front()));
}

TEST_CASE_METHOD(Restored, "what is adopted stays on the list through the sweeps of the certificate's whole term", "[restore]") {
  const Bundle client = lose_one();
  static_cast<void>(acme().adopt(servers));
  while (clock.now() + std::chrono::days{7} < client.record.not_after) {
    clock.advance(std::chrono::days{7});
    CHECK(sweep().publications.failed.empty());
    REQUIRE_FALSE(servers.lets_in("sales", client.chain.front()));
  }
}

TEST_CASE_METHOD(Restored, "a second adoption takes over nothing", "[restore]") {
  lose_one();
  static_cast<void>(acme().adopt(servers));
  CHECK(acme().adopt(servers).entries == 0);
  CHECK(published().failed.empty());
  CHECK(acme().adopt(servers).entries == 0);
}

TEST_CASE_METHOD(Restored, "an adoption is in the audit, with its number", "[restore]") {
  lose_one();
  static_cast<void>(acme().adopt(servers));
  const AuditEntry last = acme().audit({.limit = 1000}).items.back();
  CHECK(last.verb == "adopt");
  CHECK(last.actor == "ops");
  CHECK(last.details == std::vector<std::pair<std::string, std::string>>{{"entries", "2"}});
}

TEST_CASE_METHOD(Restored,
                 "a server that cannot be asked is named, does not keep adoption from the others, and is refused until it is asked",
                 "[restore]") {
  serve(acme(), "stock");
  const Bundle client = lose_one();
  OneIsOdd odd{servers, "stock"};
  const Adoption first = acme().adopt(odd);
  CHECK(first.entries > 0);
  REQUIRE(first.missed.size() == 1);
  CHECK(first.missed[0].database == db("stock"));
  CHECK(first.missed[0].code == Errc::io);
  CHECK(first.missed[0].why == "out of paper");
  const SweepPart part = published();
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].object == "stock");  // what its own probe left on its list is unknown here
  static_cast<void>(acme().adopt(servers));
  CHECK(published().failed.empty());
  for (const char* name : {"sales", "stock"}) CHECK_FALSE(servers.lets_in(name, client.chain.front()));
}

TEST_CASE_METHOD(Restored, "a space without servers adopts nothing", "[restore]") {
  CHECK(space("bravo").adopt(servers).entries == 0);
}

TEST_CASE_METHOD(Restored, "a publisher that throws what is no Error fails for its server alone", "[sweep]") {
  serve(acme(), "stock");
  acme().rotate(RotationStep::prepare);
  OneIsOdd odd{servers, "sales"};
  const SweepPart part = authority->sweep({.publisher = &odd}).publications;
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].object == "sales");
  CHECK(part.failed[0].code == Errc::io);
  CHECK(acme().find_database(db())->publication_error == "out of paper");
  REQUIRE(part.done.size() == 1);
  CHECK(part.done[0].object == "stock");
}

// --- lists that are not ours ---

// What the user of a server can do to its files.
class Forged : public Restored {
 public:
  // A list that says it is of the space's root.
  [[nodiscard]] Crl forged(const std::vector<OracleEntry>& entries, const std::string& number) const {
    const Instant now = clock.now();
    return Crl::from_der(oracle_crl(
        {.this_update = now, .next_update = now + std::chrono::days{30}, .entries = entries, .extensions = {{"crlNumber", number}}},
        acme().describe().roots[0].certificate, PrivateKey::generate()));
  }
  // One that the root has signed.
  [[nodiscard]] Crl signed_one(std::uint64_t number) const {
    const auto driver = driver_at(file());
    const auto roots = driver->read()->execute("SELECT space, id, certificate, key_handle FROM roots WHERE state = 'active'");
    const sql::Row root = roots[0];
    const Certificate certificate = Certificate::from_der(root.octets(2));
    return Issuer{certificate, vault->signer({.space = root.octets(0),
                                              .row = root.octets(1),
                                              .purpose = "root key",
                                              .public_key = certificate.public_key().spki_der()},
                                             root.octets(3))}
        .crl({}, {.number = number}, clock.now());
  }
  void put(const Crl& list) { servers.servers.at("sales").crls = {list}; }
};

TEST_CASE_METHOD(Forged, "a list that the root did not sign revokes nobody, is named, and is replaced", "[restore]") {
  const Bundle client = acme().issue_client(db());
  CHECK(sweep().publications.failed.empty());
  put(forged({{client.record.serial, clock.now()}}, "9223372036854775807"));
  const Adoption adoption = acme().adopt(servers);
  CHECK(adoption.entries == 0);
  REQUIRE(adoption.missed.size() == 1);
  CHECK(adoption.missed[0].database == db());
  CHECK(adoption.missed[0].code == Errc::mismatch);
  CHECK(adoption.missed[0].why == "its list of root 1 is not signed by that root");
  CHECK(acme().find_certificate(client.record.id)->state == CertificateState::ready);
  CHECK(acme().crls()[0].number().value() < 10'000'000'000'000);
  CHECK(published().failed.empty());
  CHECK(servers.lets_in("sales", client.chain.front()));
}

TEST_CASE_METHOD(Forged, "a list with a number that ours never have is not taken over, whoever signed it", "[restore]") {
  for (const std::uint64_t number : {std::uint64_t{1'000'000'000'000'001}, std::uint64_t{9'223'372'036'854'775'807},
                                     std::uint64_t{18'446'744'073'709'551'615U}}) {
    CAPTURE(number);
    put(signed_one(number));
    const Adoption adoption = acme().adopt(servers);
    REQUIRE(adoption.missed.size() == 1);
    CHECK(adoption.missed[0].why ==
          "its list of root 1 has the number " + std::to_string(number) + ", larger than a list of ours could have");
    CHECK(acme().crls()[0].number().value() < 10'000'000'000'000);
    CHECK(published().failed.empty());
    CHECK(servers.servers.at("sales").crls == acme().crls());
  }
}

TEST_CASE_METHOD(Forged, "the largest number that is believed is followed by the next one", "[restore]") {
  put(signed_one(1'000'000'000'000'000));
  want();
  CHECK_THAT(published().failed.at(0).what, ContainsSubstring("its server has list 1000000000000000 of root 1"));
  CHECK(acme().adopt(servers).missed.empty());
  CHECK(acme().crls()[0].number() == 1'000'000'000'000'001);
}

// --- roots that are lost ---

class LostRoot : public Restored {
 public:
  LostRoot() {
    back_up();
    acme().rotate(RotationStep::prepare);
    CHECK(published().failed.empty());
    lost = acme().describe().roots[1].certificate.subject();
  }

  std::string lost;
};

TEST_CASE_METHOD(LostRoot, "a store restored to before a root was made does not take that root from its server, and names it",
                 "[restore]") {
  put_back();
  static_cast<void>(acme().adopt(servers));
  want();
  const SweepPart refused = published();
  REQUIRE(refused.failed.size() == 1);
  CHECK(refused.failed[0].code == Errc::policy);
  CHECK_THAT(refused.failed[0].what,
             StartsWith("database \"sales\": its server has a list of root \"" + lost + "\", which is unknown"));
  CHECK(servers.servers.at("sales").roots.size() == 2);
}

TEST_CASE_METHOD(LostRoot, "a server that shows a certificate by a lost root is left alone", "[restore]") {
  acme().rotate(RotationStep::activate);
  acme().force_server(db());
  CHECK(published().failed.empty());
  CHECK(servers.servers.at("sales").certificate->issuer() == lost);
  std::erase_if(servers.servers.at("sales").crls, [this](const Crl& list) { return list.issuer() == lost; });
  put_back();
  static_cast<void>(acme().adopt(servers));
  want();
  const SweepPart refused = published();
  REQUIRE(refused.failed.size() == 1);
  CHECK_THAT(refused.failed[0].what, StartsWith("database \"sales\": its server has a certificate by root \"" + lost + "\""));
}

TEST_CASE_METHOD(LostRoot, "where a root is lost for good, disabling and enabling again serves the roots that are left",
                 "[restore]") {
  put_back();
  acme().disable_mtls(db());
  CHECK(published().failed.empty());
  acme().enable_mtls(db());
  CHECK(published().failed.empty());
  CHECK(servers.servers.at("sales").roots.size() == 1);
}

TEST_CASE_METHOD(Restored, "a root that was given up is no lost one, though its server has it still", "[restore]") {
  acme().distrust(1);
  CHECK(published().failed.empty());
  CHECK(acme().find_database(db())->state == DatabaseState::operational);
}

// --- revoke_serial ---

TEST_CASE_METHOD(Restored, "a serial of a root that is trusted no longer is refused, since no list of it is written", "[restore]") {
  const Serial serial{std::string_view{"0102030405060708090A0B0C0D0E0F10"}};
  acme().distrust(1);
  const auto number = acme().audit({.limit = 1000}).items.size();
  const Refused no = refused([&] { acme().revoke_serial(1, serial, RevocationReason::superseded); });
  CHECK(no.code == Errc::policy);
  CHECK(no.text == "root of generation 1: is distrusted, so it has no list any more; no server lets a certificate of it in");
  CHECK(acme().audit({.limit = 1000}).items.size() == number);
  acme().revoke_serial(2, serial, RevocationReason::superseded);
  CHECK(acme().crls()[0].find(serial).has_value());
}

TEST_CASE_METHOD(Restored, "the audit tells the reason of a revocation by its word", "[audit]") {
  acme().revoke_serial(1, Serial{std::string_view{"01AB"}}, RevocationReason::affiliation_changed);
  acme().revoke(acme().issue_client(db()).record.id, RevocationReason::superseded);
  const auto entries = acme().audit({.limit = 1000}).items;
  CHECK(entries.back().details.back() == std::pair<std::string, std::string>{"reason", "superseded"});
  CHECK(entries[entries.size() - 3].details.back() == std::pair<std::string, std::string>{"reason", "affiliationChanged"});
}

}  // namespace
}  // namespace spaceca::test
