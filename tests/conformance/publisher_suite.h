// What every Publisher must hold. Whoever includes this has defined before, in spaceca::test,
//   class PublisherUnderTest {
//     Publisher& publisher();
//     ServedDatabase where(const std::string& space, const std::string& database);   // its one server
//     Credential server_of(const Issuer& root, std::vector<Certificate> roots);      // with the server's host names
//     bool lets_in(const Credential& client, const std::string& role);               // as a client would try it
//   };
// each of which has a server of its own that nothing was published to, and where the role "app" may log in.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <spaceca/error.h>
#include <spaceca/issuer.h>
#include <spaceca/publisher.h>

#include "support/catch.h"

namespace spaceca::test {

class PublisherSuite {
 protected:
  // A publication with its probes. They are made by the machine's clock, since servers judge by it.
  struct Made {
    Publication what;
    std::vector<Probe> probes;
  };
  Made make(std::uint64_t number, const std::vector<Serial>& revoked = {}) {
    Made made{.what = {.number = number,
                       .server = server(),
                       .crls = {},
                       .roles = {RoleName{"app"}},
                       .rules = {Cidr{"127.0.0.0/8"}, Cidr{"::1"}}},
              .probes = {}};
    made.probes.push_back(probe_of(root_, 1));
    std::vector<RevokedEntry> entries;
    for (const Serial& serial : revoked) entries.push_back({serial, now_});
    entries.push_back({made.probes[0].revoked.certificate().serial(), now_});
    made.what.crls = {root_.crl(std::move(entries), {.number = number}, now_)};
    return made;
  }
  void publish(const Made& made) { publisher().publish(where(), made.what, made.probes); }

  Publisher& publisher() { return under_test_.publisher(); }
  ServedDatabase where() { return under_test_.where("acme", "orders"); }
  ServedDatabase where(const std::string& space, const std::string& database) { return under_test_.where(space, database); }
  bool lets_in(const Credential& client) { return under_test_.lets_in(client, "app"); }
  Credential client() { return client_of(root_); }
  Credential client_of(const Issuer& root) { return root.issue_with_key(ClientSubject{.role = RoleName{"app"}}, now_); }
  // Of another root, and knowing the server's.
  Credential stranger() {
    const Credential made = client_of(another_root());
    const SecretBytes key = made.key().pkcs8_der();
    return Credential{made.chain(), PrivateKey::from_pkcs8_der(key.reveal()), {root_.certificate()}};
  }
  Credential server() { return under_test_.server_of(root_, {root_.certificate()}); }
  Probe probe_of(const Issuer& root, unsigned generation) {
    return {.generation = generation, .good = client_of(root), .revoked = client_of(root)};
  }
  Issuer another_root() { return Issuer::self_signed({.space = SpaceName{"acme"}, .generation = 2}, PrivateKey::generate(), now_); }

  Errc refusal_of(const std::function<void()>& work, const std::string& words = {}) {
    try {
      work();
    } catch (const Error& error) {
      CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring(words));
      return error.code();
    }
    throw std::runtime_error{"it was not refused"};
  }

 private:
  const Instant now_ = SystemClock{}.now();
  const Issuer root_ = Issuer::self_signed({.space = SpaceName{"acme"}}, PrivateKey::generate(), now_);
  PublisherUnderTest under_test_;
};

TEST_CASE_METHOD(PublisherSuite, "what was published is what is served: certificate, lists and number", "[publisher]") {
  CHECK(publisher().current(where()).number == 0);
  CHECK(publisher().current(where()).crls.empty());
  const Made first = make(1);
  publish(first);
  const Served served = publisher().current(where());
  CHECK(served.number == 1);
  CHECK(served.crls == first.what.crls);
  CHECK(served.server == first.what.server.certificate());
}

TEST_CASE_METHOD(PublisherSuite, "who holds a certificate comes in; strangers and the revoked do not", "[publisher]") {
  const Credential good = client();
  const Credential revoked = client();
  publish(make(1, {revoked.certificate().serial()}));
  CHECK(lets_in(good));
  CHECK_FALSE(lets_in(revoked));
  CHECK_FALSE(lets_in(stranger()));
}

TEST_CASE_METHOD(PublisherSuite, "a list that grew keeps out who is new on it", "[publisher]") {
  const Credential one = client();
  const Credential other = client();
  publish(make(1));
  CHECK(lets_in(one));
  publish(make(2, {one.certificate().serial()}));
  CHECK_FALSE(lets_in(one));
  CHECK(lets_in(other));
}

TEST_CASE_METHOD(PublisherSuite, "the same publication may be published again", "[publisher]") {
  const Made first = make(7);
  publish(first);
  publish(first);
  CHECK(publisher().current(where()).number == 7);
}

TEST_CASE_METHOD(PublisherSuite, "numbers may be left out, and an earlier one does not come after a later", "[publisher]") {
  publish(make(3));
  const Made late = make(9);
  publish(late);
  CHECK(refusal_of([&] { publish(make(8)); }, "8") == Errc::policy);
  CHECK(publisher().current(where()).number == 9);
  CHECK(publisher().current(where()).server == late.what.server.certificate());
}

TEST_CASE_METHOD(PublisherSuite, "a survey changes nothing", "[publisher]") {
  const Made first = make(1);
  static_cast<void>(publisher().survey(where(), first.what));
  CHECK(publisher().current(where()).number == 0);
  publish(first);
  static_cast<void>(publisher().survey(where(), make(2).what));
  CHECK(publisher().current(where()).number == 1);
}

TEST_CASE_METHOD(PublisherSuite, "what was withdrawn is gone, also the second time, and may be published again", "[publisher]") {
  const Made first = make(5);
  publish(first);
  publisher().withdraw(where());
  const Served served = publisher().current(where());
  CHECK(served.number == 0);
  CHECK(served.crls.empty());
  CHECK_FALSE(served.server == first.what.server.certificate());
  publisher().withdraw(where());
  publish(make(1));
  CHECK(publisher().current(where()).number == 1);
}

TEST_CASE_METHOD(PublisherSuite, "without a number, or without a probe for each root, nothing is published", "[publisher]") {
  Made none = make(1);
  none.what.number = 0;
  CHECK(refusal_of([&] { publish(none); }, "number") == Errc::invalid_argument);
  Made unproved = make(1);
  unproved.probes.clear();
  CHECK(refusal_of([&] { publish(unproved); }, "no probe") == Errc::invalid_argument);
  CHECK(publisher().current(where()).number == 0);
}

TEST_CASE_METHOD(PublisherSuite, "a root that is not in the bundle is found by its probe, and the old state stays", "[publisher]") {
  const Made first = make(1);
  publish(first);
  Made second = make(2);
  second.probes.push_back(probe_of(another_root(), 2));
  CHECK(refusal_of([&] { publish(second); }, "root 2") == Errc::not_taken);
  CHECK(publisher().current(where()).number == 1);
  CHECK(publisher().current(where()).server == first.what.server.certificate());
  CHECK(lets_in(client()));
  second.probes.pop_back();
  publish(second);
  CHECK(publisher().current(where()).number == 2);
}

TEST_CASE_METHOD(PublisherSuite, "a revoked probe that is not on the list is found, and the old state stays", "[publisher]") {
  publish(make(1));
  Made second = make(2);
  second.probes = make(3).probes;
  CHECK(refusal_of([&] { publish(second); }, "is let in") == Errc::not_taken);
  CHECK(publisher().current(where()).number == 1);
}

TEST_CASE_METHOD(PublisherSuite, "another space or another database is refused by the name of the first", "[publisher]") {
  const Made first = make(1);
  publish(first);
  for (const auto& [space, database] : {std::pair{"umbrella", "orders"}, std::pair{"acme", "sales"}}) {
    INFO(space << ", " << database);
    const ServedDatabase another = where(space, database);
    const std::string words = "database \"orders\" of space \"acme\"";
    CHECK(refusal_of([&] { publisher().publish(another, first.what, first.probes); }, words) == Errc::policy);
    CHECK(refusal_of([&] { static_cast<void>(publisher().survey(another, first.what)); }, words) == Errc::policy);
    CHECK(refusal_of([&] { static_cast<void>(publisher().current(another)); }, words) == Errc::policy);
    CHECK(refusal_of([&] { publisher().withdraw(another); }, words) == Errc::policy);
  }
  CHECK(publisher().current(where()).number == 1);
}

}  // namespace spaceca::test
