// What of a database can be changed after it was created, what follows at its server, and what stays as it was.
#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <spaceca/verify.h>

#include "service/faulty_scene.h"
#include "service/invariants.h"
#include "service/scene.h"
#include "service/watched_vault.h"
#include "support/catch.h"

namespace spaceca::test {
namespace {

using Catch::Matchers::ContainsSubstring;
using Texts = std::vector<std::string>;
using Details = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kSceneUrl = "postgresql://app:s3cret@db.example.com/orders";  // as the scene has it

DatabaseUrl url(std::string_view text) { return DatabaseUrl{SecretBytes{text}}; }

std::vector<HostName> hosts(const Texts& names) {
  std::vector<HostName> made;
  for (const std::string& name : names) made.emplace_back(name);
  return made;
}

// 0.example.com, 1.example.com …
std::vector<HostName> hosts(int count) {
  std::vector<HostName> made;
  for (int i = 0; i < count; ++i) made.emplace_back(std::to_string(i) + ".example.com");
  return made;
}

// Played servers that tell how they were asked last.
class Asked final : public AroundServers {
 public:
  using AroundServers::AroundServers;

  std::string url;
  std::string admin_url;

 private:
  void before(const ServedDatabase& where) override {
    url = text_of(where.url.reveal());
    admin_url = text_of(where.admin_url.reveal());
  }
};

class Updates : public AuthorityScene {
 public:
  Updates() : AuthorityScene(kStart, FolderOn::memory), acme(space()) { database(acme); }

  void publish() {
    const SweepPart part = authority->publish_pending(asked);
    INFO((part.failed.empty() ? "" : part.failed.front().what));
    CHECK(part.failed.empty());
  }
  void enable() {
    acme.enable_mtls(db());
    publish();
    REQUIRE(record().state == DatabaseState::operational);
  }
  [[nodiscard]] DatabaseRecord record() const { return acme.find_database(db()).value(); }
  [[nodiscard]] std::string url_now() const { return std::string{text_of(acme.url(db()).text().reveal())}; }
  [[nodiscard]] Texts host_texts() const {
    Texts texts;
    for (const HostName& host : record().hosts) texts.push_back(host.text());
    return texts;
  }
  // Whether the server shows a certificate that a client with sslmode=verify-full takes for that host.
  [[nodiscard]] bool is_served_as(const std::string& host) const {
    const auto& server = servers.servers.at("sales");
    return verify({.chain = {server.certificate.value()},
                   .anchors = server.roots,
                   .purpose = Purpose::server,
                   .now = clock.now(),
                   .host = HostName{host}})
        .empty();
  }
  [[nodiscard]] std::size_t server_certificates() const {
    return static_cast<std::size_t>(
        std::ranges::count(acme.certificates(db()).items, CertificateKind::server, &CertificateRecord::kind));
  }
  [[nodiscard]] std::filesystem::path folder(const std::string& name) const { return file().parent_path() / name; }
  [[nodiscard]] std::string content() const { return content_of(*faulty_driver_at(file())); }
  void check_whole() const { CHECK(broken_invariants(*faulty_driver_at(file()), *authority) == Texts{}); }

  Space acme;
  Asked asked{servers};
};

// --- what is changed ---

TEST_CASE_METHOD(Updates, "what is set of a change is changed, at the time of it", "[update]") {
  clock.advance(std::chrono::seconds{5});
  const DatabaseRecord changed = acme.update_database(db(), {.url = url("postgresql://shop:n3w@db2.example.com:6432/orders"),
                                                             .admin_url = SecretBytes{std::string_view{"host=/run/postgresql"}},
                                                             .hosts = hosts({"db2.example.com", "10.0.0.7"}),
                                                             .role = RoleName{"reader"},
                                                             .data_directory = folder("moved"),
                                                             .contacts = Texts{"ops@example.com", "dba@example.com"}});
  CHECK(changed.name == db());
  CHECK(changed.app == AppName{"shop"});
  CHECK(changed.state == DatabaseState::disabled);
  CHECK(changed.role == RoleName{"reader"});
  CHECK(changed.data_directory == folder("moved"));
  CHECK(changed.contacts == Texts{"ops@example.com", "dba@example.com"});
  CHECK(changed.created_at == kStart);
  CHECK(changed.updated_at == kStart + std::chrono::seconds{5});
  CHECK(host_texts() == Texts{"db2.example.com", "10.0.0.7"});
  CHECK(url_now() == "postgresql://shop:n3w@db2.example.com:6432/orders");
  enable();
  CHECK(asked.url == "postgresql://shop:n3w@db2.example.com:6432/orders");
  CHECK(asked.admin_url == "host=/run/postgresql");
  check_whole();
}

TEST_CASE_METHOD(Updates, "what is not set of a change stays", "[update]") {
  acme.update_database(db(), {.admin_url = SecretBytes{std::string_view{"host=/run/postgresql"}}});
  const std::string what = GENERATE(values<std::string>({"url", "hosts", "role", "data directory", "contacts"}));
  DatabaseChange change;
  if (what == "url") change.url = url("postgresql://app:n3w@db.example.com/orders");
  if (what == "hosts") change.hosts = hosts({"db2.example.com"});
  if (what == "role") change.role = RoleName{"reader"};
  if (what == "data directory") change.data_directory = folder("moved");
  if (what == "contacts") change.contacts = Texts{};
  acme.update_database(db(), std::move(change));
  CAPTURE(what);
  CHECK(host_texts() == Texts{what == "hosts" ? "db2.example.com" : "db.example.com"});
  CHECK(record().role == RoleName{what == "role" ? "reader" : "app"});
  CHECK(record().data_directory == folder(what == "data directory" ? "moved" : "data-sales"));
  CHECK(record().contacts == (what == "contacts" ? Texts{} : Texts{"owner@example.com"}));
  CHECK(url_now() == (what == "url" ? "postgresql://app:n3w@db.example.com/orders" : kSceneUrl));
  enable();
  CHECK(asked.admin_url == "host=/run/postgresql");
}

TEST_CASE_METHOD(Updates, "an administrator's URL and a data directory that are given empty are none any more", "[update]") {
  acme.update_database(db(), {.admin_url = SecretBytes{std::string_view{"host=/run/postgresql"}}});
  CHECK(acme.update_database(db(), {.data_directory = std::filesystem::path{}}).data_directory.empty());
  acme.update_database(db(), {.admin_url = SecretBytes{}});
  database(acme, "stock");                                                      // its own
  acme.update_database(db("stock"), {.data_directory = folder("data-sales")});  // is free by now
  CHECK(sql("SELECT count(*) FROM databases WHERE sealed_admin_url IS NOT NULL") == "0\n");
}

TEST_CASE_METHOD(Updates, "a change to what is there already writes nothing, and is answered with the record", "[update]") {
  acme.update_database(db(), {.admin_url = SecretBytes{std::string_view{"host=/run/postgresql"}}});
  enable();
  clock.advance(std::chrono::seconds{5});
  const std::string before = content();
  const DatabaseRecord same = acme.update_database(db(), {.url = url(std::string{kSceneUrl} + "\n"),
                                                          .admin_url = SecretBytes{std::string_view{"host=/run/postgresql"}},
                                                          .hosts = hosts({"db.example.com"}),
                                                          .role = RoleName{"app"},
                                                          .data_directory = folder("data-sales") / "../data-sales/",
                                                          .contacts = Texts{"owner@example.com"}});
  CHECK(same.updated_at == kStart);
  CHECK(same.state == DatabaseState::operational);
  CHECK((content() == before));
}

// --- the role and the URL ---

TEST_CASE_METHOD(Updates, "a new password is what clients are told from then on, and no server hears of it", "[update]") {
  enable();
  CHECK_FALSE(acme.update_database(db(), {.url = url("postgresql://app:n3w@db.example.com/orders")}).publication_pending);
  CHECK(url_now() == "postgresql://app:n3w@db.example.com/orders");
  CHECK(authority->publish_pending(servers).done.empty());
  CHECK(servers.servers.at("sales").publications == 1);
}

TEST_CASE_METHOD(Updates, "the user of a new URL does not become the role", "[update]") {
  CHECK(acme.update_database(db(), {.url = url("postgresql://shop:s3cret@db.example.com/orders")}).role == RoleName{"app"});
  CHECK(acme.issue_client(db()).record.role == RoleName{"app"});
}

TEST_CASE_METHOD(Updates, "a new role is that of what is issued from then on, also by a program that issued before", "[update]") {
  const auto others = another();
  const Space theirs = others->space(SpaceName{"acme"}, kOps);
  const Bundle before = theirs.issue_client(db());
  acme.update_database(db(), {.role = RoleName{"reader"}});
  CHECK(theirs.issue_client(db()).record.role == RoleName{"reader"});
  CHECK(acme.issue_client(db()).record.role == RoleName{"reader"});
  CHECK(acme.renew(before.record.id).record.role == RoleName{"app"});  // its holder logs in as before
  check_whole();
}

TEST_CASE_METHOD(Updates, "new contacts are whom notices go to", "[update]") {
  const Bundle client = acme.issue_client(db());
  acme.update_database(db(), {.contacts = Texts{"new@example.com"}});
  clock.set(client.record.not_after - std::chrono::days{60});
  authority->renew_due();
  authority->deliver_notices(mail);
  REQUIRE(mail.delivered.size() == 1);
  CHECK(mail.delivered[0].contacts == Texts{"new@example.com"});
}

// --- hosts ---

TEST_CASE_METHOD(Updates, "new hosts of an enabled database bring its server a new certificate", "[update]") {
  enable();
  CHECK(is_served_as("db.example.com"));
  const DatabaseRecord changed = acme.update_database(db(), {.hosts = hosts({"db2.example.com", "10.0.0.7"})});
  CHECK(changed.state == DatabaseState::operational);
  CHECK(changed.publication_pending);
  CHECK(server_certificates() == 2);
  CHECK(is_served_as("db.example.com"));  // it was not told yet
  publish();
  CHECK_FALSE(record().publication_pending);
  CHECK(is_served_as("db2.example.com"));
  CHECK(is_served_as("10.0.0.7"));
  CHECK_FALSE(is_served_as("db.example.com"));
  check_whole();
}

TEST_CASE_METHOD(Updates, "new hosts of a disabled database make no certificate, and enabling goes by them", "[update]") {
  static_cast<void>(acme.issue_server(db()));
  acme.update_database(db(), {.hosts = hosts({"db2.example.com"})});
  CHECK(server_certificates() == 1);
  enable();
  CHECK(is_served_as("db2.example.com"));
  CHECK_FALSE(is_served_as("db.example.com"));
}

TEST_CASE_METHOD(Updates, "new hosts of a database that is being disabled make no certificate", "[update]") {
  enable();
  acme.disable_mtls(db());
  CHECK(acme.update_database(db(), {.hosts = hosts({"db2.example.com"})}).state == DatabaseState::deprovisioning);
  CHECK(server_certificates() == 1);
  publish();
  CHECK(record().state == DatabaseState::disabled);
}

TEST_CASE_METHOD(Updates, "hosts stay while their certificate would lock out who does not know the active root", "[update]") {
  enable();
  const CertificateId client = acme.issue_client(db()).record.id;
  acme.rotate(RotationStep::prepare);
  sweep();
  acme.rotate(RotationStep::activate);
  const std::string before = content();
  const Refused no =
      refused([&] { acme.update_database(db(), {.hosts = hosts({"db2.example.com"}), .role = RoleName{"reader"}}); });
  CHECK(no.code == Errc::policy);
  CHECK(no.text == "database \"sales\": the server's certificate stays under root 1: certificate " + client.text() +
                       " was last handed out without root 2; force_server moves it all the same");
  CHECK((content() == before));
  acme.update_database(db(), {.role = RoleName{"reader"}});  // asks for no certificate
  static_cast<void>(acme.download(client));
  CHECK(acme.update_database(db(), {.hosts = hosts({"db2.example.com"})}).publication_pending);
}

// --- where clients connect ---

TEST_CASE_METHOD(Updates, "another database at a server whose lines are for the one before wants mTLS disabled first", "[update]") {
  const auto change = [&] { return acme.update_database(db(), {.url = url("postgresql://app:s3cret@db.example.com/orders2")}); };
  enable();
  const std::string before = content();
  const Refused no = refused([&] { change(); });
  CHECK(no.code == Errc::policy);
  CHECK(no.text ==
        "database \"sales\": mTLS is in the state Operational for the database that its URL names, and this URL names another; "
        "destroy that first");
  CHECK((content() == before));
  acme.disable_mtls(db());
  publish();
  CHECK(change().state == DatabaseState::disabled);
  enable();
  CHECK(asked.url == "postgresql://app:s3cret@db.example.com/orders2");
  check_whole();
}

TEST_CASE_METHOD(Updates, "another host or port is proved anew at the server of the same data directory", "[update]") {
  enable();
  const std::string to = GENERATE(values<std::string>(
      {"postgresql://app:s3cret@db.example.com:6432/orders", "postgresql://app:s3cret@db2.example.com/orders"}));
  const DatabaseRecord changed = acme.update_database(db(), {.url = url(to)});
  CHECK(changed.state == DatabaseState::operational);
  CHECK(changed.publication_pending);
  publish();
  CHECK(asked.url == to);
  CHECK_FALSE(record().publication_pending);
}

TEST_CASE_METHOD(Updates, "while mTLS is not enabled no server is told of another URL", "[update]") {
  CHECK_FALSE(acme.update_database(db(), {.url = url("postgresql://app:s3cret@db2.example.com/orders2")}).publication_pending);
  CHECK(authority->publish_pending(servers).done.empty());
}

// A server that nothing is written to, which has its files.
class ServedElsewhere : public Updates {
 public:
  ServedElsewhere() {
    acme.update_database(db(), {.data_directory = std::filesystem::path{}});
    acme.enable_mtls(db());
    servers.install(acme.server_files(db()));
    CHECK(late() == "");
    REQUIRE(record().state == DatabaseState::operational);
  }
  [[nodiscard]] std::string late() {
    const SweepPart part = authority->publish_pending(servers);
    CHECK(part.failed.empty());
    return part.late.empty() ? "" : part.late.front().what;
  }
};

TEST_CASE_METHOD(ServedElsewhere, "of a server elsewhere nothing is proved once clients are led to another host or port",
                 "[update]") {
  const std::string to = GENERATE(values<std::string>(
      {"postgresql://app:s3cret@db.example.com:6432/orders", "postgresql://app:s3cret@db2.example.com/orders"}));
  acme.rotate(RotationStep::prepare);
  servers.install(acme.server_files(db()));
  CHECK(late() == "");
  const DatabaseRecord changed = acme.update_database(db(), {.url = url(to)});
  CHECK(changed.state == DatabaseState::provisioning);
  CHECK(changed.publication_pending);
  CHECK(refused([&] { acme.rotate(RotationStep::activate); }).text ==
        "root rotation: the server of database \"sales\" is not proved to trust root 2");
  CHECK(late() == "");
  acme.rotate(RotationStep::activate);
}

TEST_CASE_METHOD(ServedElsewhere, "a server elsewhere that has its files there too is seen to serve them", "[update]") {
  acme.update_database(db(), {.url = url("postgresql://app:s3cret@db.example.com:6432/orders")});
  CHECK(late() == "");
  CHECK(record().state == DatabaseState::operational);
  CHECK_FALSE(record().publication_pending);
  check_whole();
}

TEST_CASE_METHOD(ServedElsewhere, "a server elsewhere needs new files for another database, since their lines name it",
                 "[update]") {
  acme.update_database(db(), {.url = url("postgresql://app:s3cret@db.example.com/orders2")});
  CHECK(late() ==
        "database \"sales\": what its server is to serve has changed since its files were made; data:mtls:server-files writes what "
        "its server needs");
  servers.install(acme.server_files(db()));
  CHECK(late() == "");
  CHECK_FALSE(record().publication_pending);
}

TEST_CASE_METHOD(ServedElsewhere, "a look at a server elsewhere whose URL was changed meanwhile proves nothing", "[update]") {
  class Slow final : public AroundServers {
   public:
    Slow(PlayedServers& played, std::function<void()> meanwhile) : AroundServers(played), meanwhile_(std::move(meanwhile)) {}

   private:
    void after_publishing() override { meanwhile_(); }

    std::function<void()> meanwhile_;
  };
  servers.install(acme.server_files(db()));  // to be looked at again
  Slow slow{servers, [&] { acme.update_database(db(), {.url = url("postgresql://app:s3cret@db2.example.com/orders")}); }};
  const SweepPart part = authority->publish_pending(slow);
  CHECK(part.done.empty());
  REQUIRE(part.failed.size() == 1);
  CHECK(part.failed[0].code == Errc::busy);
  CHECK(part.failed[0].what == "database \"sales\": its URL was changed while its server was looked at");
  CHECK(record().state == DatabaseState::provisioning);
  CHECK(record().publication_pending);
}

// --- the data directory ---

TEST_CASE_METHOD(Updates, "the data directory stays while something may be written in it", "[update]") {
  const auto state = GENERATE(values({DatabaseState::provisioning, DatabaseState::operational, DatabaseState::deprovisioning}));
  acme.enable_mtls(db());
  if (state != DatabaseState::provisioning) publish();
  if (state == DatabaseState::deprovisioning) acme.disable_mtls(db());
  REQUIRE(record().state == state);
  const std::string before = content();
  for (const auto& to : {folder("moved"), std::filesystem::path{}}) {
    const Refused no = refused([&] { acme.update_database(db(), {.role = RoleName{"reader"}, .data_directory = to}); });
    CHECK(no.code == Errc::policy);
    CHECK(no.text == "database \"sales\": mTLS is in the state " + std::string{text_of(state)} +
                         ", and what it wrote would stay in the data directory before; destroy that first");
  }
  CHECK((content() == before));
  acme.disable_mtls(db(), {}, Withdrawal::given_up);
  CHECK(acme.update_database(db(), {.data_directory = folder("moved")}).data_directory == folder("moved"));
}

TEST_CASE_METHOD(Updates, "a data directory that is another's is refused, naming whose", "[update]") {
  const Space bravo = space("bravo");
  database(bravo, "stock");
  const std::string before = content();
  const char* const spelling = GENERATE("data-stock", "data-stock/", "./x/../data-stock");
  const Refused no = refused([&] { acme.update_database(db(), {.role = RoleName{"reader"}, .data_directory = folder(spelling)}); });
  CHECK(no.code == Errc::policy);
  CHECK(no.text == "database \"sales\": the data directory " + folder("data-stock").string() +
                       " belongs to database \"stock\" of space \"bravo\"; one server, one database");
  CHECK((content() == before));
}

// --- what is refused ---

TEST_CASE_METHOD(Updates, "what cannot be is refused, in the words of create_database, and nothing is changed", "[update]") {
  struct Bad {
    std::function<void(DatabaseChange&)> set;
    std::string text;
  };
  const std::vector<Bad> all{
      {[](DatabaseChange&) {}, "nothing of it is to be changed; say what"},
      {[](DatabaseChange& change) { change.hosts = hosts(0); }, "has no host; its server certificate needs one at least"},
      {[](DatabaseChange& change) { change.hosts = hosts(101); }, "has 101 hosts, the most is 100"},
      {[](DatabaseChange& change) {
         change.hosts = hosts({"a.example.com", "b.example.com", "A.example.com"});
       },
       "names host \"a.example.com\" twice"},
      {[](DatabaseChange& change) { change.contacts = Texts(21, "ops@example.com"); }, "has 21 contacts, the most is 20"},
      {[](DatabaseChange& change) {
         change.contacts = Texts{"ops@example.com", "nobody"};
       },
       "a contact must be a plain mail address, such as ops@example.org"},
      {[](DatabaseChange& change) { change.contacts = Texts{""}; },
       "a contact must be a plain mail address, such as ops@example.org"},
      {[](DatabaseChange& change) { change.data_directory = "data"; }, "the data directory must be an absolute path"},
      {[](DatabaseChange& change) { change.data_directory = "/srv/a\nb"; }, "the data directory must be an absolute path"},
  };
  const std::string before = content();
  for (const Bad& bad : all) {
    CAPTURE(bad.text);
    DatabaseChange change;
    bad.set(change);
    if (bad.text.find("nothing") == std::string::npos) change.role = RoleName{"reader"};
    const Refused no = refused([&] { acme.update_database(db(), std::move(change)); });
    CHECK(no.code == Errc::invalid_argument);
    CHECK(no.text == "database \"sales\": " + bad.text);
  }
  CHECK((content() == before));
}

TEST_CASE_METHOD(Updates, "as many hosts and contacts as there may be are taken", "[update]") {
  acme.update_database(db(), {.hosts = hosts(100), .contacts = Texts(20, "ops@example.com")});
  CHECK(record().hosts.size() == 100);
  CHECK(record().contacts.size() == 20);
}

TEST_CASE_METHOD(Updates, "a database that is not there, or is destroyed, is not found", "[update]") {
  acme.destroy_database(db());
  const std::string before = content();
  for (const char* name : {"sales", "nosuch"}) {
    const Refused no = refused([&] { acme.update_database(db(name), {.role = RoleName{"reader"}}); });
    CHECK(no.code == Errc::not_found);
    CHECK(no.text == "database \"" + std::string{name} + "\": is not there");
  }
  CHECK((content() == before));
}

// --- the record of it ---

TEST_CASE_METHOD(Updates, "the audit has what was changed from what to what, and nothing of a URL", "[update]") {
  const auto told = [this](DatabaseChange change) {
    acme.update_database(db(), std::move(change));
    const AuditEntry entry = acme.audit({.limit = 1000}).items.back();
    CHECK(entry.verb == "update_database");
    CHECK(entry.object == "sales");
    CHECK(entry.actor == "ops");
    return entry.details;
  };
  CHECK(told({.url = url("postgresql://shop:n3w@db2.example.com:6432/orders2")}) == Details{{"url", "changed"}});
  CHECK(told({.admin_url = SecretBytes{std::string_view{"host=/run"}}}) == Details{{"admin_url", "given"}});
  CHECK(told({.admin_url = SecretBytes{std::string_view{"host=/tmp"}}}) == Details{{"admin_url", "changed"}});
  CHECK(told({.admin_url = SecretBytes{}}) == Details{{"admin_url", "taken away"}});
  CHECK(told({.hosts = hosts({"a.example.com", "10.0.0.7"}), .role = RoleName{"app"}}) ==
        Details{{"hosts", "a.example.com,10.0.0.7"}, {"hosts_before", "db.example.com"}});
  CHECK(told({.role = RoleName{"reader"}, .contacts = Texts{}}) ==
        Details{{"role", "reader"}, {"role_before", "app"}, {"contacts", ""}, {"contacts_before", "owner@example.com"}});
  CHECK(told({.data_directory = "/srv/data"}) ==
        Details{{"data_directory", "/srv/data"}, {"data_directory_before", folder("data-sales").string()}});
}

TEST_CASE_METHOD(Updates, "the audit has the certificate that new hosts bring behind their change", "[update]") {
  enable();
  acme.update_database(db(), {.hosts = hosts({"db2.example.com"})});
  const auto entries = acme.audit({.limit = 1000}).items;
  REQUIRE(entries.size() > 2);
  CHECK(entries[entries.size() - 2].verb == "update_database");
  CHECK(entries.back().verb == "issue_server");
}

TEST_CASE_METHOD(Updates, "the store holds nothing of a URL that was changed, before or after", "[update][threats]") {
  acme.update_database(db(),
                       {.url = url("postgresql://app:n3wpass@db.example.com/orders2"),
                        .admin_url = SecretBytes{std::string_view{"password=adm1npass"}}},
                       {.idempotency_key = "k1"});
  std::string octets = read_file(file());
  if (std::filesystem::exists(file().string() + "-wal")) octets += read_file(file().string() + "-wal");
  for (const char* secret : {"s3cret", "n3wpass", "adm1npass", "orders2"}) {
    CAPTURE(secret);
    CHECK(octets.find(secret) == std::string::npos);
  }
  CHECK(octets.find("owner@example.com") != std::string::npos);  // so the search would find the others
}

// --- twice, and at the same moment ---

TEST_CASE_METHOD(Updates, "a change under a key is made once, though it was changed back meanwhile", "[update][idempotency]") {
  const WriteOptions keyed{.idempotency_key = "k1"};
  acme.update_database(db(), {.role = RoleName{"reader"}}, keyed);
  acme.update_database(db(), {.role = RoleName{"app"}});
  CHECK(acme.update_database(db(), {.role = RoleName{"reader"}}, keyed).role == RoleName{"app"});
}

TEST_CASE_METHOD(Updates, "a change of nothing under a key is remembered as well", "[update][idempotency]") {
  const WriteOptions keyed{.idempotency_key = "k1"};
  const auto entries = acme.audit().items.size();
  acme.update_database(db(), {.role = RoleName{"app"}}, keyed);
  CHECK(acme.audit().items.size() == entries);
  acme.update_database(db(), {.role = RoleName{"reader"}});
  CHECK(acme.update_database(db(), {.role = RoleName{"app"}}, keyed).role == RoleName{"reader"});
}

TEST_CASE_METHOD(Updates, "another change under a key that was used is refused", "[update][idempotency]") {
  const WriteOptions keyed{.idempotency_key = "k1"};
  const auto change = [](int which) {
    DatabaseChange made{.url = url("postgresql://app:n3w@db.example.com/orders"), .hosts = hosts({"a.example.com"})};
    if (which == 1) made.url = url("postgresql://app:other@db.example.com/orders");
    if (which == 2) made.url.reset();
    if (which == 3) made.admin_url = SecretBytes{};
    if (which == 4) made.admin_url = SecretBytes{std::string_view{"host=/tmp"}};
    if (which == 5) made.hosts->emplace_back("b.example.com");
    if (which == 6) made.hosts.reset();
    if (which == 7) made.contacts = Texts{};
    if (which == 8) made.role = RoleName{"app"};
    if (which == 9) made.data_directory = std::filesystem::path{};
    return made;
  };
  acme.update_database(db(), change(0), keyed);
  const std::string before = content();
  const int which = GENERATE(range(1, 10));
  CAPTURE(which);
  CHECK(refused([&] { acme.update_database(db(), change(which), keyed); }).code == Errc::mismatch);
  CHECK(acme.update_database(db(), change(0), keyed).name == db());
  CHECK((content() == before));
}

// Somebody else's work while a verb seals what it has made, before it records that.
class AtOnce : public Updates {
 public:
  AtOnce() {
    watched.before_sealing = [this] {
      if (meanwhile) std::exchange(meanwhile, nullptr)();
    };
  }

  WatchedVault watched{*vault};
  Authority watching{*store, watched, clock};
  Space slow = watching.space(SpaceName{"acme"}, Actor{"slow"});
  std::function<void()> meanwhile;
};

TEST_CASE_METHOD(AtOnce, "a server certificate of hosts that were changed meanwhile is not put in place", "[update]") {
  enable();
  meanwhile = [this] { acme.update_database(db(), {.hosts = hosts({"db2.example.com"})}); };
  static_cast<void>(slow.issue_server(db()));
  publish();
  CHECK(is_served_as("db2.example.com"));
  CHECK_FALSE(is_served_as("db.example.com"));
  CHECK(server_certificates() == 3);
  check_whole();
}

TEST_CASE_METHOD(AtOnce, "mTLS that is enabled while hosts are changed has a certificate of the new ones", "[update]") {
  meanwhile = [this] { acme.update_database(db(), {.hosts = hosts({"db2.example.com"})}); };
  slow.enable_mtls(db());
  publish();
  CHECK(is_served_as("db2.example.com"));
  CHECK_FALSE(is_served_as("db.example.com"));
}

TEST_CASE_METHOD(AtOnce, "hosts that are changed while mTLS is enabled bring a certificate all the same", "[update]") {
  meanwhile = [this] { acme.enable_mtls(db()); };
  slow.update_database(db(), {.url = url("postgresql://app:n3w@db.example.com/orders"), .hosts = hosts({"db2.example.com"})});
  publish();
  CHECK(is_served_as("db2.example.com"));
  check_whole();
}

TEST_CASE_METHOD(AtOnce, "two who change different things at once both come through", "[update]") {
  meanwhile = [this] { acme.update_database(db(), {.role = RoleName{"reader"}, .contacts = Texts{}}); };
  slow.update_database(db(), {.url = url("postgresql://app:n3w@db.example.com/orders")});
  CHECK(url_now() == "postgresql://app:n3w@db.example.com/orders");
  CHECK(record().role == RoleName{"reader"});
  CHECK(record().contacts.empty());
}

TEST_CASE_METHOD(AtOnce, "a database that is destroyed while it is changed is not found", "[update]") {
  meanwhile = [this] { acme.destroy_database(db()); };
  CHECK(refused([&] { slow.update_database(db(), {.url = url("postgresql://app:n3w@db.example.com/orders")}); }).code ==
        Errc::not_found);
  CHECK(sql("SELECT count(*) FROM databases WHERE sealed_url IS NOT NULL") == "0\n");
}

}  // namespace
}  // namespace spaceca::test
