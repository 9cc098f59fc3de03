// Lists in pages, and certificates found by the number that somebody reads off a screen.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "service/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

// What a list says of its items, page by page; `between` happens after each page.
template <class T>
std::vector<std::string> walked(
    unsigned limit, const std::function<Page<T>(const PageRequest&)>& list, const std::function<std::string(const T&)>& name,
    const std::function<void()>& between = [] {}) {
  std::vector<std::string> found;
  PageRequest request{.limit = limit};
  for (;;) {
    const Page<T> page = list(request);
    CHECK(page.items.size() <= limit);
    if (!page.next.empty()) CHECK(page.items.size() == limit);
    for (const T& item : page.items) found.push_back(name(item));
    REQUIRE(found.size() < 1000);
    if (page.next.empty()) return found;
    request.after = page.next;
    between();
  }
}

std::string id_of(const CertificateRecord& record) { return record.id.text(); }

std::vector<std::string> walked(
    const Space& space, const CertificateQuery& query, unsigned limit, const std::function<void()>& between = [] {}) {
  return walked<CertificateRecord>(
      limit, [&](const PageRequest& page) { return space.certificates(db(), query, page); }, id_of, between);
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  return names;
}

// Seven client certificates made on seven days, of which the second and the fifth are revoked.
class Seven : public AuthorityScene {
 public:
  Seven() : AuthorityScene(kStart, FolderOn::memory) {
    database(acme);
    for (int i = 0; i < 7; ++i) {
      all.push_back(acme.issue_client(db()).record.id.text());
      clock.advance(std::chrono::hours{i == 3 ? 0 : 24});  // two of one second
    }
    for (const std::size_t i : {1U, 4U}) {
      revoked.push_back(all[i]);
      acme.revoke(CertificateId{all[i]}, RevocationReason::superseded);
    }
    for (const std::string& id : all) {
      if (std::ranges::find(revoked, id) == revoked.end()) alive.push_back(id);
    }
  }
  Space acme = space();
  std::vector<std::string> all, revoked, alive;
};

TEST_CASE_METHOD(Seven, "a list of certificates shows every one once, however small its pages are", "[pages]") {
  const unsigned limit = GENERATE(1U, 2U, 3U, 7U, 1000U);
  CAPTURE(limit);
  CHECK(walked(acme, {}, limit) == sorted(all));
  CHECK(walked(acme, {.state = CertificateState::ready}, limit) == sorted(alive));
  CHECK(walked(acme, {.state = CertificateState::disabled}, limit) == sorted(revoked));
  CHECK(walked(acme, {.state = CertificateState::pending}, limit).empty());
}

TEST_CASE_METHOD(Seven, "a list by expiry shows those that will be renewed, the next first", "[pages]") {
  const unsigned limit = GENERATE(1U, 2U, 3U, 1000U);
  CAPTURE(limit);
  const auto found = walked(acme, {.order = CertificateOrder::expiry}, limit);
  CHECK(sorted(found) == sorted(alive));
  std::vector<Instant> ends;
  for (const std::string& id : found) ends.push_back(acme.find_certificate(CertificateId{id})->not_after);
  CHECK(std::ranges::is_sorted(ends));
}

TEST_CASE_METHOD(Seven, "while a list is walked others are added, and what was there is shown once all the same", "[pages]") {
  const unsigned limit = GENERATE(1U, 2U, 3U);
  const CertificateOrder order = GENERATE(CertificateOrder::id, CertificateOrder::expiry);
  CAPTURE(limit, static_cast<int>(order));
  int more = 0;
  const auto found = walked(acme, {.order = order}, limit, [&] {
    if (++more > 5) return;
    clock.advance(more % 2 == 0 ? std::chrono::hours{24} : -std::chrono::hours{24 * 9});
    static_cast<void>(acme.issue_client(db()));
  });
  const auto names = sorted(found);
  CHECK(std::ranges::adjacent_find(names) == names.end());
  const auto expected = sorted(order == CertificateOrder::id ? all : alive);
  CHECK(std::ranges::includes(names, expected));
}

TEST_CASE_METHOD(AuthorityScene, "what is issued within one second is listed in the order in which it was issued", "[pages]") {
  const Space acme = space();
  database(acme);
  std::vector<std::string> issued;
  for (int i = 0; i < 5; ++i) issued.push_back(id_of(acme.issue_client(db()).record));
  for (const Bundle& one : acme.issue_clients(db(), std::vector<ClientRequest>(20))) issued.push_back(id_of(one.record));
  CHECK(walked(acme, {}, 7) == issued);
}

TEST_CASE_METHOD(AuthorityScene, "databases, spaces and the audit are listed once each, however small the pages are", "[pages]") {
  const unsigned limit = GENERATE(1U, 2U, 3U);
  const Space acme = space();
  const std::vector<std::string> names{"a", "a-b", "a1", "ab", "b", "zeta"};  // in the order of octets
  for (const std::string& name : names) database(acme, name);
  for (const std::string& name : names) space(name);
  CHECK(walked<DatabaseRecord>(
            limit, [&](const PageRequest& page) { return acme.databases(page); },
            [](const DatabaseRecord& one) { return one.name.text(); }) == names);
  CHECK(walked<SpaceRecord>(
            limit, [&](const PageRequest& page) { return authority->spaces(page); },
            [](const SpaceRecord& one) { return one.name.text(); }) ==
        std::vector<std::string>{"a", "a-b", "a1", "ab", "acme", "b", "zeta"});
  const std::vector<std::string> numbers{"1", "2", "3", "4", "5", "6", "7"};
  const auto number = [](const AuditEntry& entry) { return std::to_string(entry.number); };
  CHECK(walked<AuditEntry>(
            limit, [&](const PageRequest& page) { return acme.audit(page); }, number) == numbers);
  CHECK(walked<AuditEntry>(
            limit, [&](const PageRequest& page) { return authority->audit(page); }, number) == numbers);
}

TEST_CASE_METHOD(Seven, "pages without an item or of more than a thousand are refused", "[pages]") {
  const unsigned limit = GENERATE(0U, 1001U, 4294967295U);
  const PageRequest page{.limit = limit};
  const std::vector<std::function<void()>> lists{
      [&] { static_cast<void>(acme.certificates(db(), {}, page)); },
      [&] { static_cast<void>(acme.databases(page)); },
      [&] { static_cast<void>(authority->spaces(page)); },
      [&] { static_cast<void>(acme.audit(page)); },
      [&] { static_cast<void>(authority->audit(page)); },
  };
  for (const auto& list : lists) CHECK(refused(list).code == Errc::invalid_argument);
}

TEST_CASE_METHOD(Seven, "where no page ended none begins", "[pages]") {
  const auto check = [](const std::function<void()>& list) {
    const Refused no = refused(list);
    CHECK(no.code == Errc::invalid_argument);
    CHECK_THAT(no.text, Catch::Matchers::ContainsSubstring("is not where a page of"));
  };
  const std::string ending = ':' + all.front();
  for (const std::string& after : {std::string{"x"}, std::string{"1"}, all.front() + "0", "1:" + all.front(),
                                   std::string(5000, 'a'), std::string{"' OR 1=1 --"}, std::string("\0", 1)}) {
    CAPTURE(after);
    check([&] { static_cast<void>(acme.certificates(db(), {}, {.after = after})); });
    check([&] { static_cast<void>(acme.databases({.after = after + '!'})); });
    check([&] { static_cast<void>(authority->spaces({.after = after + '!'})); });
  }
  for (const std::string& after : std::vector<std::string>{all.front(), ending, "x" + ending, "1x" + ending,
                                                           "99999999999999999999" + ending, "1:", " 1" + ending, "1:x"}) {
    CAPTURE(after);
    check([&] { static_cast<void>(acme.certificates(db(), {.order = CertificateOrder::expiry}, {.after = after})); });
  }
  for (const std::string after : {"x", "-1", "1x", " 1", "99999999999999999999"}) {
    CAPTURE(after);
    check([&] { static_cast<void>(acme.audit({.after = after})); });
    check([&] { static_cast<void>(authority->audit({.after = after})); });
  }
}

TEST_CASE_METHOD(Seven, "a state goes with the order of ids alone", "[pages]") {
  CHECK(refused([&] {
          static_cast<void>(acme.certificates(db(), {.state = CertificateState::ready, .order = CertificateOrder::expiry}));
        }).code == Errc::invalid_argument);
}

TEST_CASE_METHOD(Seven, "a certificate is found by its serial in every form in which one is written", "[serial]") {
  const CertificateRecord one = acme.find_certificate(CertificateId{all[2]}).value();
  const std::string upper = one.serial.hex();
  std::string lower = upper;
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  std::string colons;
  for (std::size_t i = 0; i < upper.size(); i += 2) colons += (i == 0 ? "" : ":") + upper.substr(i, 2);
  for (const std::string& text : {upper, lower, colons, "0x" + lower, one.serial.decimal()}) {
    CAPTURE(text);
    const auto found = acme.find_by_serial(Serial{text});
    REQUIRE(found.size() == 1);
    CHECK(found[0].id == one.id);
  }
  CHECK(acme.find_by_serial(Serial{std::string_view{"01"}}).empty());
}

}  // namespace
}  // namespace spaceca::test
