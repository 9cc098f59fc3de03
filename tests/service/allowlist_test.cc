// IP rules as the authority keeps them; allowlist_test.cc in tests/publish has a server obey them.
#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "service/scene.h"
#include "store/scene.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

using Catch::Matchers::ContainsSubstring;

class Rules : public AuthorityScene {
 public:
  Rules() : AuthorityScene(kStart, FolderOn::memory), acme(space()) { database(acme); }

  IpRule add(const std::string& cidr, const std::string& description = {}) {
    return acme.create_ip_rule(db(), {.cidr = Cidr{cidr}, .description = description});
  }
  // 10.0.0.0/24, 10.0.1.0/24 …
  static std::vector<IpRuleSpec> blocks(int count, int from = 0) {
    std::vector<IpRuleSpec> specs;
    for (int i = from; i < from + count; ++i) specs.push_back({.cidr = Cidr{"10.0." + std::to_string(i) + ".0/24"}});
    return specs;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> found;
    for (const IpRule& rule : acme.ip_rules(db())) found.push_back(rule.cidr.text());
    return found;
  }
  [[nodiscard]] std::string content() const { return content_of(*faulty_driver_at(file())); }

  Space acme;
};

using Texts = std::vector<std::string>;

TEST_CASE_METHOD(Rules, "a rule is recorded as it was given, and waits for its server", "[allowlist]") {
  const IpRule made = add("192.0.2.0/24", "My Office IP");
  CHECK(made.database == db());
  CHECK(made.cidr.text() == "192.0.2.0/24");
  CHECK(made.description == "My Office IP");
  CHECK(made.state == IpRuleState::authorizing);
  CHECK(made.created_at == kStart);
  CHECK(made.updated_at == kStart);
  const auto found = acme.find_ip_rule(made.id);
  REQUIRE(found.has_value());
  CHECK(found->description == "My Office IP");
  CHECK_FALSE(acme.find_ip_rule(IpRuleId{"00000000-0000-4000-8000-000000000000"}).has_value());
}

TEST_CASE_METHOD(Rules, "rules are listed by address, IPv4 first", "[allowlist]") {
  add("2001:db8::/32");
  add("192.0.2.0/24");
  add("10.0.0.0/8");
  CHECK(texts() == Texts{"10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"});
}

TEST_CASE_METHOD(Rules, "the sixty-first IP rule is refused and the sixty stay", "[allowlist]") {
  acme.create_ip_rules(db(), blocks(60));
  const std::string before = content();
  const Refused one = refused([&] { add("192.0.2.1"); });
  CHECK(one.code == Errc::policy);
  CHECK(one.text == "database \"sales\" has 60 IP rules, the most it may have");
  CHECK(content() == before);
  acme.delete_ip_rule(acme.ip_rules(db())[7].id);
  CHECK(add("192.0.2.1").cidr.text() == "192.0.2.1/32");
  CHECK(acme.ip_rules(db()).size() == 60);
}

TEST_CASE_METHOD(Rules, "a batch is taken as a whole or not at all", "[allowlist]") {
  acme.create_ip_rules(db(), blocks(58));
  auto three = blocks(3, 100);
  const std::string before = content();
  const Refused many = refused([&] { acme.create_ip_rules(db(), three); });
  CHECK(many.code == Errc::policy);
  CHECK(many.text == "database \"sales\" has 58 IP rules, and 3 more would be 61; the most it may have is 60");
  three.pop_back();
  three[1] = {.cidr = Cidr{"10.0.5.0/24"}};
  CHECK(refused([&] { acme.create_ip_rules(db(), three); }).code == Errc::exists);
  three[1] = three[0];
  const Refused twice = refused([&] { acme.create_ip_rules(db(), three); });
  CHECK(twice.code == Errc::exists);
  CHECK(twice.text == "IP rule \"10.0.100.0/24\": stands there twice");
  three[1] = {.cidr = Cidr{"0.0.0.0/0"}};
  CHECK(refused([&] { acme.create_ip_rules(db(), three); }).code == Errc::policy);
  CHECK(content() == before);
  CHECK(acme.create_ip_rules(db(), blocks(2, 100)).size() == 2);
}

TEST_CASE_METHOD(Rules, "a block that the database has is refused by the name of its rule, however it is written", "[allowlist]") {
  const IpRule first = add("2001:db8::/32");
  const std::string before = content();
  const Refused again = refused([&] { add("2001:0DB8:0::0/32"); });
  CHECK(again.code == Errc::exists);
  CHECK(again.text == "IP rule \"2001:db8::/32\": database \"sales\" has it already, by rule " + first.id.text());
  CHECK(content() == before);
  database(acme, "other");
  CHECK(acme.create_ip_rule(db("other"), {.cidr = Cidr{"2001:db8::/32"}}).state == IpRuleState::authorizing);
}

TEST_CASE_METHOD(Rules, "every address at once is let in only if that is meant", "[allowlist]") {
  const std::string any = GENERATE(values<std::string>({"0.0.0.0/0", "::/0"}));
  const std::string before = content();
  const Refused no = refused([&] { add(any); });
  CHECK(no.code == Errc::policy);
  CHECK_THAT(no.text, ContainsSubstring(any) && ContainsSubstring("every address"));
  const IpRule narrow = add("192.0.2.0/24");
  CHECK(refused([&] { acme.update_ip_rule(narrow.id, {.cidr = Cidr{any}}); }).code == Errc::policy);
  const IpRule made = acme.create_ip_rule(db(), {.cidr = Cidr{any}, .any = AnyAddress::allowed});
  CHECK(made.cidr.is_any());
  // It was said once.
  CHECK(acme.update_ip_rule(made.id, {.description = "the fair"}).description == "the fair");
}

TEST_CASE_METHOD(Rules, "a description has at most 255 characters of UTF-8 that show", "[allowlist]") {
  std::string longest;
  for (int i = 0; i < 255; ++i) longest += "\xC3\xAB";
  CHECK(add("10.0.0.1", longest).description == longest);
  const std::string bad = GENERATE_COPY(values<std::string>({longest + "x", "two\nlines", "bell\a", std::string{"nul\0", 4},
                                                             "half \xC3", "turned \xE2\x80\xAE round", "zero\xE2\x80\x8Bwidth"}));
  const std::string before = content();
  CHECK(refused([&] { add("10.0.0.2", bad); }).code == Errc::invalid_argument);
  CHECK(refused([&] { acme.update_ip_rule(acme.ip_rules(db()).front().id, {.description = bad}); }).code == Errc::invalid_argument);
  CHECK(content() == before);
}

TEST_CASE_METHOD(Rules, "a rule that is deleted is kept for the record, and its block may come again at once", "[allowlist]") {
  const IpRule first = add("192.0.2.0/24", "office");
  clock.advance(std::chrono::seconds{5});
  const IpRule deleted = acme.delete_ip_rule(first.id);
  CHECK(deleted.state == IpRuleState::deleted);
  CHECK(deleted.updated_at == kStart + std::chrono::seconds{5});
  CHECK(acme.ip_rules(db()).empty());
  const IpRule again = add("192.0.2.0/24", "office again");
  CHECK_FALSE(again.id == first.id);
  const auto history = acme.ip_rule_history(db()).items;
  REQUIRE(history.size() == 2);
  CHECK(history[0].id == first.id);
  CHECK(history[0].description == "office");
  CHECK(history[1].id == again.id);
  const Refused twice = refused([&] { acme.delete_ip_rule(first.id); });
  CHECK(twice.code == Errc::policy);
  CHECK_THAT(twice.text, ContainsSubstring("was deleted 2026-11-24"));
  CHECK(refused([&] { acme.update_ip_rule(first.id, {.description = "x"}); }).code == Errc::policy);
}

TEST_CASE_METHOD(Rules, "the record comes in pages", "[allowlist]") {
  for (int i = 0; i < 3; ++i) {
    for (const IpRule& rule : acme.create_ip_rules(db(), blocks(2, 10 * i))) acme.delete_ip_rule(rule.id);
    clock.advance(std::chrono::seconds{1});
  }
  std::vector<IpRuleId> seen;
  std::string after;
  do {
    const auto page = acme.ip_rule_history(db(), {.after = after, .limit = 4});
    for (const IpRule& rule : page.items) seen.push_back(rule.id);
    after = page.next;
  } while (!after.empty());
  CHECK(std::set<IpRuleId>(seen.begin(), seen.end()).size() == 6);
  CHECK(std::ranges::is_sorted(seen));
  CHECK(refused([&] { static_cast<void>(acme.ip_rule_history(db(), {.after = "x"})); }).code == Errc::invalid_argument);
}

TEST_CASE_METHOD(Rules, "a change to another block waits for the server again, one of words alone does not", "[allowlist]") {
  acme.enable_mtls(db());
  const IpRule made = add("192.0.2.0/24", "office");
  sweep();
  CHECK(acme.find_ip_rule(made.id)->state == IpRuleState::authorized);
  clock.advance(std::chrono::seconds{5});
  CHECK(acme.update_ip_rule(made.id, {.description = "branch"}).state == IpRuleState::authorized);
  CHECK_FALSE(acme.find_database(db())->publication_pending);
  const IpRule moved = acme.update_ip_rule(made.id, {.cidr = Cidr{"198.51.100.0/24"}});
  CHECK(moved.state == IpRuleState::authorizing);
  CHECK(moved.description == "branch");
  CHECK(moved.updated_at == kStart + std::chrono::seconds{5});
  CHECK(acme.find_database(db())->publication_pending);
  const IpRule other = add("203.0.113.0/24");
  CHECK(refused([&] { acme.update_ip_rule(other.id, {.cidr = Cidr{"198.51.100.0/24"}}); }).code == Errc::exists);
}

TEST_CASE_METHOD(Rules, "the server is told which blocks, and the rules say what it was proved to take", "[allowlist]") {
  const IpRule first = add("192.0.2.0/24");
  CHECK_FALSE(acme.find_database(db())->publication_pending);
  acme.enable_mtls(db());
  servers.down = true;
  sweep();
  CHECK(acme.find_ip_rule(first.id)->state == IpRuleState::authorizing);
  servers.down = false;
  sweep();
  CHECK(acme.find_ip_rule(first.id)->state == IpRuleState::authorized);
  CHECK(servers.servers.at("sales").rules == std::vector{Cidr{"192.0.2.0/24"}});
  const IpRule second = add("2001:db8::/32");
  CHECK(acme.find_database(db())->publication_pending);
  acme.delete_ip_rule(first.id);
  sweep();
  CHECK(servers.servers.at("sales").rules == std::vector{Cidr{"2001:db8::/32"}});
  CHECK(acme.find_ip_rule(second.id)->state == IpRuleState::authorized);
  acme.disable_mtls(db());
  sweep();
  CHECK(acme.find_ip_rule(second.id)->state == IpRuleState::authorizing);
  CHECK(broken_invariants(*faulty_driver_at(file()), *authority) == std::vector<std::string>{});
}

TEST_CASE_METHOD(Rules, "a rule that was made while the server was told of another is not taken for proved", "[allowlist]") {
  acme.enable_mtls(db());
  const IpRule early = add("192.0.2.0/24");
  // A server that is slow enough for somebody to add one meanwhile.
  class Slow final : public AroundServers {
   public:
    Slow(PlayedServers& servers, std::function<void()> meanwhile) : AroundServers(servers), meanwhile_(std::move(meanwhile)) {}

   private:
    void after_publishing() override { meanwhile_(); }

    std::function<void()> meanwhile_;
  };
  std::optional<IpRule> late;
  Slow slow{servers, [&] { late = add("198.51.100.0/24"); }};
  authority->publish_pending(slow);
  CHECK(acme.find_ip_rule(early.id)->state == IpRuleState::authorized);
  CHECK(acme.find_ip_rule(late->id)->state == IpRuleState::authorizing);
  CHECK(acme.find_database(db())->publication_pending);
}

TEST_CASE_METHOD(Rules, "a database that is destroyed has no rules left but on record", "[allowlist]") {
  const IpRule made = add("192.0.2.0/24");
  acme.destroy_database(db());
  CHECK(acme.find_ip_rule(made.id)->state == IpRuleState::deleted);
  CHECK(broken_invariants(*faulty_driver_at(file()), *authority) == std::vector<std::string>{});
}

TEST_CASE_METHOD(Rules, "who changed the rules is in the audit, with the blocks", "[allowlist]") {
  const IpRule made = add("192.0.2.0/24");
  acme.update_ip_rule(made.id, {.cidr = Cidr{"192.0.2.0/25"}});
  acme.delete_ip_rule(made.id);
  std::vector<std::string> told;
  for (const AuditEntry& entry : acme.audit().items) {
    if (entry.object != made.id.text()) continue;
    std::string text = entry.verb + " by " + entry.actor;
    for (const auto& [name, value] : entry.details) text += " " + name + "=" + value;
    told.push_back(text);
  }
  CHECK(told == Texts{"create_ip_rule by ops database=sales cidr=192.0.2.0/24",
                      "update_ip_rule by ops database=sales cidr=192.0.2.0/25 before=192.0.2.0/24",
                      "delete_ip_rule by ops database=sales cidr=192.0.2.0/25"});
}

TEST_CASE_METHOD(Rules, "a request under a key is done once", "[allowlist]") {
  const auto made = acme.create_ip_rules(db(), blocks(2), {.idempotency_key = "k1"});
  const auto again = acme.create_ip_rules(db(), blocks(2), {.idempotency_key = "k1"});
  REQUIRE(again.size() == 2);
  CHECK(again[0].id == made[0].id);
  CHECK(again[1].id == made[1].id);
  CHECK(refused([&] { acme.create_ip_rules(db(), blocks(3), {.idempotency_key = "k1"}); }).code == Errc::mismatch);
  const IpRule deleted = acme.delete_ip_rule(made[0].id, {.idempotency_key = "k2"});
  CHECK(acme.delete_ip_rule(made[0].id, {.idempotency_key = "k2"}).updated_at == deleted.updated_at);
}

TEST_CASE_METHOD(Rules, "eight processes at once come to sixty rules, and no further", "[allowlist][crash]") {
  std::vector<pid_t> processes;
  for (int i = 0; i < 8; ++i) {
    processes.push_back(start([&, i]() -> int {
      const auto its_store = open_sqlite_store(file());
      const auto its_vault = sealed_vault(*its_store, key());
      Authority its_authority{*its_store, *its_vault, clock};
      const Space its_space = its_authority.space(SpaceName{"acme"}, Actor{"process"});
      for (int j = 0; j < 10; ++j) {
        try {
          its_space.create_ip_rule(db(), {.cidr = Cidr{"10." + std::to_string(i) + "." + std::to_string(j) + ".0/24"}});
        } catch (const Error& error) {
          if (error.code() != Errc::policy) return 1;  // eighty were asked for
        }
      }
      return 0;
    }));
  }
  for (const pid_t process : processes) CHECK(ended(process) == 0);
  CHECK(acme.ip_rules(db()).size() == 60);
  CHECK(broken_invariants(*faulty_driver_at(file()), *authority) == std::vector<std::string>{});
}

// --- how clients come in ---

TEST_CASE_METHOD(Rules, "how clients come in is kept with the database, and the server is told", "[allowlist][access]") {
  const DatabaseRecord made = acme.enable_mtls(db(), {.access = {.binding = BoundTo::database}});
  const Access bound{AuthMethod::cert, ClientCert::verify_full, BoundTo::database};
  CHECK(made.access == bound);
  sweep();
  CHECK(servers.servers.at("sales").access == bound);
  acme.disable_mtls(db());
  sweep();
  CHECK(acme.enable_mtls(db()).access == Access{});
}

TEST_CASE_METHOD(Rules, "what PostgreSQL does not do is refused, and nothing is enabled", "[allowlist][access]") {
  const std::string before = content();
  const Refused no =
      refused([&] { acme.enable_mtls(db(), {.access = {.method = AuthMethod::scram_sha_256, .binding = BoundTo::database}}); });
  CHECK(no.code == Errc::policy);
  CHECK(content() == before);
}

TEST_CASE_METHOD(Rules, "a shield binds certificates to their database unless it is told otherwise", "[allowlist][access]") {
  const Space shield = authority->create_space(SpaceName{"vault9"}, kOps, SpaceKind::shield);
  CHECK(shield.describe().kind == SpaceKind::shield);
  database(shield, "strict");
  database(shield, "lax");
  CHECK(shield.enable_mtls(db("strict")).access == Access{AuthMethod::cert, ClientCert::verify_full, BoundTo::database});
  CHECK(shield.enable_mtls(db("lax"), {.access = {.binding = BoundTo::space}}).access == Access{});
}

}  // namespace
}  // namespace spaceca::test
