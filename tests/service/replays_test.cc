// Requests that are sent twice, and how long they are remembered.
#include <algorithm>
#include <functional>

#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

const WriteOptions kKeyed{.idempotency_key = "k1"};

class Replays : public AuthorityScene {
 public:
  Replays() { serve(acme); }

  // Done twice: nothing more is there the second time, and one entry of each of these verbs in the audit.
  void twice(const std::function<void()>& request, const std::vector<std::string>& verbs) {
    const auto before = acme.audit({.limit = 1000}).items.size();
    request();
    const std::string once = rows();
    request();
    CHECK(rows() == once);
    std::vector<std::string> written;
    const auto entries = acme.audit({.limit = 1000}).items;
    for (std::size_t i = before; i < entries.size(); ++i) written.push_back(entries[i].verb);
    CHECK(written == verbs);
  }
  [[nodiscard]] std::string rows() const {
    return sql(
        "SELECT (SELECT count(*) FROM certificates), (SELECT count(*) FROM revocations), (SELECT count(*) FROM notices), "
        "(SELECT count(*) FROM roots), (SELECT count(*) FROM audit), (SELECT sum(coalesce(bundle_generation, 0)) FROM "
        "certificates)");
  }

  Space acme = space();
};

TEST_CASE_METHOD(Replays, "a download under a key is recorded once", "[idempotency]") {
  const Bundle client = acme.issue_client(db());
  twice([&] { CHECK(acme.download(client.record.id, kKeyed).key.has_value()); }, {"download"});
}

TEST_CASE_METHOD(Replays, "a bundle is confirmed once under a key", "[idempotency]") {
  const Bundle client = acme.issue_client(db());
  twice([&] { acme.confirm_bundle(client.record.id, 1, kKeyed); }, {"confirm_bundle"});
}

TEST_CASE_METHOD(Replays, "a root is distrusted once under a key, and both answers name the same successors", "[idempotency]") {
  std::vector<std::size_t> answers;
  twice([&] { answers.push_back(acme.distrust(1, kKeyed).size()); }, {"distrust", "issue_server", "reissue"});
  CHECK(answers == std::vector<std::size_t>{2, 2});
}

TEST_CASE_METHOD(Replays, "a server is forced once under a key", "[idempotency]") {
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  twice([&] { acme.force_server(db(), kKeyed); }, {"force_server", "issue_server"});
}

TEST_CASE_METHOD(Replays, "a server certificate is issued once under a key, and is the answer of both", "[idempotency]") {
  std::vector<std::string> answers;
  twice([&] { answers.push_back(acme.issue_server(db(), kKeyed).record.id.text()); }, {"issue_server"});
  CHECK(answers[0] == answers[1]);
}

TEST_CASE_METHOD(Replays, "new hosts bring one server certificate under a key", "[idempotency]") {
  const std::vector<HostName> hosts{HostName{"db2.example.com"}};
  twice([&] { CHECK(acme.update_database(db(), {.hosts = hosts}, kKeyed).hosts == hosts); }, {"update_database", "issue_server"});
}

TEST_CASE_METHOD(Replays, "client certificates are issued once under a key, and are the answer of both", "[idempotency]") {
  std::vector<std::string> answers;
  const std::vector<ClientRequest> two(2);
  const auto request = [&] {
    for (const Bundle& bundle : acme.issue_clients(db(), two, kKeyed)) answers.push_back(bundle.record.id.text());
  };
  twice(request, {"issue_client", "issue_client"});
  REQUIRE(answers.size() == 4);
  CHECK(answers[0] == answers[2]);
  CHECK(answers[1] == answers[3]);
}

TEST_CASE_METHOD(Replays, "a serial is revoked once under a key", "[idempotency]") {
  const Serial serial{std::string_view{"0x0102030405060708090a0b0c0d0e0f10"}};
  twice([&] { acme.revoke_serial(1, serial, RevocationReason::key_compromise, kKeyed); }, {"revoke_serial"});
}

TEST_CASE_METHOD(Replays, "a server that is gone is given up once under a key", "[idempotency]") {
  twice([&] { acme.disable_mtls(db(), kKeyed, Withdrawal::given_up); }, {"disable_mtls"});
}

// --- how long ---

TEST_CASE_METHOD(Replays, "a key is forgotten thirty days after it was used, and not a second before", "[idempotency]") {
  const Bundle first = acme.issue_client(db(), {}, kKeyed);
  const auto at = [this](std::chrono::seconds after) {
    clock.set(kStart + after);
    authority->accept_clock(kOps);
    sweep();
  };
  at(std::chrono::days{30});
  CHECK(acme.issue_client(db(), {}, kKeyed).record.id == first.record.id);
  at(std::chrono::days{30} + std::chrono::seconds{1});
  CHECK_FALSE(acme.issue_client(db(), {}, kKeyed).record.id == first.record.id);
}

TEST_CASE_METHOD(Replays, "no key is forgotten while the clock is in doubt", "[idempotency][clock]") {
  const Bundle first = acme.issue_client(db(), {}, kKeyed);
  sweep();
  clock.advance(std::chrono::days{31});
  CHECK(sweep().clock_suspect);
  CHECK(acme.issue_client(db(), {}, kKeyed).record.id == first.record.id);
}

}  // namespace
}  // namespace spaceca::test
