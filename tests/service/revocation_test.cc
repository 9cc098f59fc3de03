// Revocation: marks, the lists that are made of them, and what is told of both.
#include <algorithm>
#include <stdexcept>
#include <vector>

#include <spaceca/error.h>
#include <spaceca/issuer.h>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

using Catch::Matchers::ContainsSubstring;

// A vault whose tokens are taken away, of one space or of all: what its signers throw is no Error.
class Tokens final : public Vault {
 public:
  explicit Tokens(const Vault& vault) : vault_(vault) {}

  [[nodiscard]] Bytes seal(const Binding& binding, ByteView secret) const override { return vault_.seal(binding, secret); }
  [[nodiscard]] SecretBytes unseal(const Binding& binding, ByteView sealed) const override {
    return vault_.unseal(binding, sealed);
  }
  [[nodiscard]] SigningKey create_signing_key(const Binding& binding, KeyAlgorithm algorithm) const override {
    SigningKey key = vault_.create_signing_key(binding, algorithm);
    key.signer = std::make_shared<Token>(*this, binding, key.signer);
    return key;
  }
  [[nodiscard]] std::shared_ptr<const Signer> signer(const Binding& binding, ByteView handle) const override {
    return std::make_shared<Token>(*this, binding, vault_.signer(binding, handle));
  }
  void destroy_signing_key(const Binding& binding, ByteView handle) const override { vault_.destroy_signing_key(binding, handle); }
  [[nodiscard]] Code authenticate(ByteView message) const override { return vault_.authenticate(message); }

  // Whose token is away: the octets of a space's id.
  Bytes away;

 private:
  class Token final : public Signer {
   public:
    Token(const Tokens& tokens, const Binding& binding, std::shared_ptr<const Signer> signer)
        : tokens_(tokens), space_(binding.space.begin(), binding.space.end()), signer_(std::move(signer)) {}
    [[nodiscard]] const PublicKey& public_key() const override { return signer_->public_key(); }
    [[nodiscard]] Bytes sign(const SignatureInput& input) const override {
      if (tokens_.away == space_) throw std::runtime_error{"the token is away"};
      return signer_->sign(input);
    }

   private:
    const Tokens& tokens_;
    Bytes space_;
    std::shared_ptr<const Signer> signer_;
  };

  const Vault& vault_;
};

class Revoking : public AuthorityScene {
 public:
  Revoking() : AuthorityScene(kStart, FolderOn::memory), tokens(*vault) {
    authority = std::make_unique<Authority>(*store, tokens, clock);
  }
  void take_away(const std::string& space) {
    tokens.away = bytes_of_hex(sql("SELECT hex(id) FROM spaces WHERE name = '" + space + "'").substr(0, 32));
  }
  [[nodiscard]] static Bytes bytes_of_hex(const std::string& text) {
    Bytes octets;
    for (std::size_t i = 0; i < text.size(); i += 2) {
      octets.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
    }
    return octets;
  }
  [[nodiscard]] static std::ptrdiff_t audited(const Space& space, std::string_view verb) {
    return std::ranges::count(space.audit({.limit = 1000}).items, verb, &AuditEntry::verb);
  }
  void check_whole() const { CHECK(broken_invariants(*faulty_driver_at(file()), *authority) == std::vector<std::string>{}); }

  Tokens tokens;
};

// --- keys that are elsewhere ---

TEST_CASE_METHOD(Revoking, "a token that is away keeps its own space's list from being made, and no other's",
                 "[revocation][sweep]") {
  const Space acme = space("acme");
  const Space bravo = space("bravo");
  serve(acme, "sales");
  serve(bravo, "stock");
  take_away("acme");
  clock.advance(std::chrono::days{8});
  const SweepReport report = sweep();
  REQUIRE(report.crls.failed.size() == 1);
  CHECK(report.crls.failed[0].space == SpaceName{"acme"});
  CHECK(report.crls.failed[0].what == "the token is away");
  CHECK(report.crls.failed[0].code == Errc::io);
  CHECK(report.crls.done.size() == 1);
  CHECK(bravo.crls()[0].this_update() == clock.now() - std::chrono::minutes{5});
  CHECK(bravo.find_database(db("stock"))->publication_pending == false);
}

TEST_CASE_METHOD(Revoking, "a revocation whose list cannot be signed says what is done, and revoking again makes the list",
                 "[revocation]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  take_away("acme");
  const auto revoke = [&] { acme.revoke(client.record.id, RevocationReason::key_compromise); };
  for (int i = 0; i < 2; ++i) {
    const Refused no = refused(revoke);
    CHECK(no.code == Errc::io);
    CHECK(no.text == "what was named is revoked; the next sweep writes what lists are not written yet; then: the token is away");
    CHECK(acme.find_certificate(client.record.id)->revocation.has_value());
  }
  tokens.away.clear();
  CHECK_FALSE(acme.crls()[0].find(client.record.serial).has_value());
  revoke();
  CHECK(acme.crls()[0].find(client.record.serial).has_value());
  CHECK(audited(acme, "revoke") == 1);
}

// --- what the audit says ---

TEST_CASE_METHOD(Revoking, "the audit tells of what was revoked now, once, and of nothing that was closed past its end",
                 "[revocation][audit]") {
  const Space acme = space();
  database(acme);
  const CertificateId closed = acme.issue_client(db()).record.id;
  sql("UPDATE certificates SET state = 'disabled', due_at = NULL");
  const CertificateId twice = acme.issue_client(db()).record.id;
  const auto records = acme.revoke(std::vector{twice, closed, twice}, RevocationReason::superseded);
  REQUIRE(records.size() == 3);
  CHECK(records[0].revocation.has_value());
  CHECK_FALSE(records[1].revocation.has_value());
  CHECK(records[2].revocation.has_value());
  CHECK(audited(acme, "revoke") == 1);
  acme.revoke(twice, RevocationReason::superseded);
  CHECK(audited(acme, "revoke") == 1);
  CHECK(authority->verify_audit().empty());
}

TEST_CASE_METHOD(Revoking, "a serial that is revoked stands on the list, though its certificate was closed", "[revocation]") {
  const Space acme = space();
  database(acme);
  const CertificateRecord closed = acme.issue_client(db()).record;
  sql("UPDATE certificates SET state = 'disabled', due_at = NULL");
  acme.revoke_serial(1, closed.serial, RevocationReason::key_compromise);
  CHECK(acme.crls()[0].find(closed.serial).has_value());
  CHECK(sql("SELECT count(*) FROM revocations WHERE not_after IS NULL") == "0\n");
  CHECK(authority->verify_audit().empty());
}

// --- lists ---

TEST_CASE_METHOD(Revoking, "many that are revoked at once make one new list", "[revocation][lists]") {
  const Space acme = space();
  database(acme);
  std::vector<CertificateId> ids;
  for (const Bundle& bundle : acme.issue_clients(db(), std::vector<ClientRequest>(20))) ids.push_back(bundle.record.id);
  const std::uint64_t before = acme.crls()[0].number().value();
  acme.revoke(ids, RevocationReason::key_compromise);
  CHECK(acme.crls()[0].number() == before + 1);
  CHECK(acme.crls()[0].entries().size() == 20);
}

TEST_CASE_METHOD(Revoking, "a list's number is the time in milliseconds, and one more than the last where a clock went back",
                 "[revocation][lists]") {
  const Space acme = space();
  database(acme);
  const auto number_of_next = [&] {
    acme.revoke(acme.issue_client(db()).record.id, RevocationReason::superseded);
    return acme.crls()[0].number().value();
  };
  CHECK(acme.crls()[0].number() == 1'795'514'400'000);  // 2026-11-24T10:00:00Z
  clock.advance(std::chrono::seconds{1});
  CHECK(number_of_next() == 1'795'514'401'000);
  clock.advance(-std::chrono::minutes{10});
  CHECK(number_of_next() == 1'795'514'401'001);
  CHECK(number_of_next() == 1'795'514'401'002);
  clock.advance(std::chrono::minutes{10} + std::chrono::seconds{1});
  CHECK(number_of_next() == 1'795'514'402'000);
}

TEST_CASE_METHOD(Revoking, "nothing leaves a list while the clock is in doubt", "[revocation][lists][clock]") {
  const Space acme = space();
  database(acme);
  const Bundle client = acme.issue_client(db());
  acme.revoke(client.record.id, RevocationReason::superseded);
  const auto is_listed = [&] { return acme.crls()[0].find(client.record.serial).has_value(); };
  const auto to = [&](Instant when) {
    clock.set(when);
    authority->accept_clock(kOps);
    sweep();
  };
  to(client.record.not_after + std::chrono::hours{1});
  clock.advance(std::chrono::days{50});
  CHECK(sweep().clock_suspect);
  CHECK(is_listed());
  clock.advance(std::chrono::hours{47});
  CHECK(sweep().clock_suspect);
  CHECK(is_listed());
  authority->accept_clock(kOps);
  for (int week = 0; week < 2; ++week) {
    clock.advance(std::chrono::days{7});
    sweep();
  }
  CHECK_FALSE(is_listed());
}

TEST_CASE_METHOD(Revoking, "what is adopted of a certificate that was closed leaves the list as others do",
                 "[revocation][restore]") {
  const Space acme = space();
  serve(acme);
  const Bundle client = acme.issue_client(db());
  acme.revoke(client.record.id, RevocationReason::superseded);
  CHECK(sweep().publications.failed.empty());
  // As a store that knows it as closed, and not as revoked.
  sql("DELETE FROM revocations WHERE substr(hex(serial), 9) = '" + client.record.serial.hex() +
      "'; UPDATE certificates SET state = 'disabled', revoked_at = NULL, reason = NULL, mark = NULL WHERE hex(serial) = '" +
      client.record.serial.hex() + "'");
  CHECK(acme.adopt(servers).entries == 1);
  CHECK(sql("SELECT count(*) FROM revocations WHERE not_after IS NULL") == "0\n");
  CHECK(acme.crls()[0].find(client.record.serial).has_value());
}

TEST_CASE_METHOD(Revoking, "a serial that one space revokes is another's to revoke for itself", "[revocation][isolation]") {
  const Space acme = space("acme");
  const Space bravo = space("bravo");
  database(bravo);
  const Bundle theirs = bravo.issue_client(db());
  acme.revoke_serial(1, theirs.record.serial, RevocationReason::key_compromise);
  CHECK(acme.crls()[0].find(theirs.record.serial).has_value());
  CHECK_FALSE(bravo.crls()[0].find(theirs.record.serial).has_value());
  CHECK_FALSE(bravo.find_certificate(theirs.record.id)->revocation.has_value());
  CHECK(bravo.find_certificate(theirs.record.id)->state == CertificateState::ready);
  CHECK(audited(bravo, "revoke_serial") == 0);
  check_whole();
}

}  // namespace
}  // namespace spaceca::test
