#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "commands.h"
#include "grammar.h"

namespace {

constexpr const char* kVersion = SPACECA_VERSION;

constexpr const char* kFooter = R"(
A command is written with colons or with blanks: spaceca data:mtls:create DB, spaceca data mtls create DB.

Exit codes: 0 done; 1 failed; 2 not understood; 3 not found; 4 refused by a rule, or in the way of what is there;
5 recorded, but a server is out of reach: the next sweep brings it there.

Mail and webhooks are set up in $XDG_CONFIG_HOME/spaceca/config.toml (README, "The program").
The store is --store or SPACECA_STORE, as sqlite:PATH; otherwise $XDG_DATA_HOME/spaceca/spaceca.db. What opens it is --key-file,
--passphrase-file, --passphrase-fd, SPACECA_KEY_FILE, SPACECA_PASSPHRASE_FILE, or it is asked for at the terminal.)";

// Options of every command that take a value: where they stand before the command, it is the word after next.
constexpr std::array<std::string_view, 5> kCommonWithValue = {"--store", "--passphrase-file", "--passphrase-fd", "--key-file",
                                                              "--actor"};

std::vector<std::string> pieces_of(const std::string& path) {
  std::vector<std::string> pieces(1);
  for (const char c : path) {
    if (c == ':') {
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  return pieces;
}

// Where the command stands among the words; their number if there is none.
std::size_t command_among(const std::vector<std::string>& words) {
  std::size_t i = 0;
  while (i < words.size() && words[i].starts_with('-')) {
    i += std::find(kCommonWithValue.begin(), kCommonWithValue.end(), words[i]) == kCommonWithValue.end() ? 1U : 2U;
  }
  return std::min(i, words.size());
}

// Levenshtein's distance.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

// Says which of a command's words must be there. CLI11 would ask for those of a parent too (data:mtls has a DATABASE, and so has
// data:mtls:create), so this looks at the one command that was meant.
struct Needed {
  std::string name;
  const std::string* value;
};

class Grammar final {
 public:
  Grammar();
  Parsed parse(const std::vector<std::string>& words);

  std::vector<std::string> paths() const {
    std::vector<std::string> names;
    for (const Command& command : commands_) names.push_back(command.path);
    return names;
  }

 private:
  struct Command {
    std::string path;
    CLI::App* app;
    Runner runner;
    std::vector<Needed> needed = {};
  };

  // Adds a command; what is added to it afterwards goes to `now_`.
  void command(const std::string& path, const std::string& description, Runner runner);
  void positional(const std::string& name, std::string& value, const std::string& description);
  void needed(const std::string& flags, std::string& value, const std::string& description);
  void option(const std::string& flags, std::string& value, const std::string& description);
  void list(const std::string& flags, std::vector<std::string>& values, const std::string& description);
  void flag(const std::string& flags, bool& value, const std::string& description);
  void common(CLI::App& app);
  CLI::App* node(const std::string& path);

  void spaces();
  void databases();
  void mtls();
  void ip_rules();
  void certificates();
  void upkeep();
  void doctor();
  void database_of_app();
  void one_certificate();
  void disconnecting();
  void files();
  void footers();

  const Command* find(const CLI::App* app) const;
  Failure unknown(const std::string& typed) const;
  Failure misunderstood(const std::string& text, const CLI::App& app) const;

  Arguments arguments_;
  CLI::App root_{"A certificate authority for PostgreSQL: spaces, their databases, and the certificates of servers and clients.",
                 "spaceca"};
  std::map<std::string, CLI::App*> nodes_;
  std::vector<Command> commands_;
  Command* now_ = nullptr;
};

Grammar::Grammar() {
  root_.require_subcommand(0, 1);
  root_.set_version_flag("--version", kVersion, "Print the version and end");
  common(root_);
  commands_.reserve(64);  // now_ points into it
  upkeep();
  spaces();
  databases();
  mtls();
  ip_rules();
  certificates();
  doctor();
  footers();
}

// --- building ---

CLI::App* Grammar::node(const std::string& path) {
  if (const auto known = nodes_.find(path); known != nodes_.end()) return known->second;
  const auto colon = path.rfind(':');
  CLI::App* parent = colon == std::string::npos ? &root_ : node(path.substr(0, colon));
  CLI::App* app = parent->add_subcommand(colon == std::string::npos ? path : path.substr(colon + 1));
  app->group("");                 // the footers list commands in full
  app->require_subcommand(0, 1);  // behind a command no name of another is one: a database may be called audit
  common(*app);
  return nodes_[path] = app;
}

void Grammar::command(const std::string& path, const std::string& description, Runner runner) {
  CLI::App* app = node(path);
  app->description(description);
  now_ = &commands_.emplace_back(Command{path, app, runner});
}

void Grammar::positional(const std::string& name, std::string& value, const std::string& description) {
  now_->app->add_option(name, value, description);
  now_->needed.push_back({name, &value});
}

void Grammar::needed(const std::string& flags, std::string& value, const std::string& description) {
  now_->app->add_option(flags, value, description + " (needed)");
  now_->needed.push_back({flags.substr(flags.find("--")), &value});
}

void Grammar::option(const std::string& flags, std::string& value, const std::string& description) {
  now_->app->add_option(flags, value, description);
}

void Grammar::list(const std::string& flags, std::vector<std::string>& values, const std::string& description) {
  now_->app->add_option(flags, values, description + " (again for each)")->allow_extra_args(false);
}

void Grammar::flag(const std::string& flags, bool& value, const std::string& description) {
  now_->app->add_flag(flags, value, description);
}

void Grammar::common(CLI::App& app) {
  app.set_help_flag("-h,--help", "Print this help and end");
  constexpr const char* kGroup = "Options of every command";
  app.get_option("--help")->group(kGroup);
  app.add_option("--store", arguments_.store, "sqlite:PATH")->group(kGroup);
  app.add_option("--passphrase-file", arguments_.passphrase_file, "Opens the store: a file with the passphrase")->group(kGroup);
  app.add_option("--passphrase-fd", arguments_.passphrase_fd, "The same from an open file descriptor")->group(kGroup);
  app.add_option("--key-file", arguments_.key_file, "Opens the store: a file of 32 octets")->group(kGroup);
  app.add_option("--actor", arguments_.actor, "Who does this, for the audit; otherwise your login name")->group(kGroup);
  app.add_flag("--json", arguments_.json, "Answer in JSON; errors too")->group(kGroup);
  app.add_flag("-q,--quiet", arguments_.quiet, "No progress and no warnings")->group(kGroup);
  app.add_flag("-v,--verbose", arguments_.verbose, "What is done with a server, step by step")->group(kGroup);
}

// --- the commands ---

void Grammar::database_of_app() {
  positional("DATABASE", arguments_.database, "Its name");
  needed("-a,--app", arguments_.app, "The app that it belongs to");
  option("--space", arguments_.space, "Its space, where several have one of that name");
}

void Grammar::one_certificate() {
  database_of_app();
  needed("--id", arguments_.id, "The certificate");
}

void Grammar::files() {
  option("--dir", arguments_.dir, "Where to write the files");
  option("--prefix", arguments_.prefix, "How their names begin");
  list("--format", arguments_.formats, "libpq,jdbc (these two unless said), pkcs12, env, service, uri, k8s");
  option("--pkcs12-password-file", arguments_.pkcs12_password_file, "Of the .p12; otherwise one is made and written beside it");
}

void Grammar::upkeep() {
  command("init", "Make a store", ::upkeep::init);
  command("sweep", "Renew, publish, prove, tell: what must happen every few hours, at least every week", ::upkeep::sweep);
  option("--notices", arguments_.notices, "Write notices as files into this folder");
  now_->app->add_option("--deadline", arguments_.deadline, "Begin nothing new after so many seconds; then the exit is 1");
  now_->app->add_option("--revoke-abandoned-after", arguments_.revoke_abandoned_after,
                        "Revoke a certificate whose successor has been in use for so many days, and that was not seen since");
  command("audit", "What was done, by whom: to the store, or in a space", ::upkeep::audit);
  option("--space", arguments_.space, "The space");
  command("audit:verify", "Read the audit's chains from end to end; prints their ends, to be kept elsewhere",
          ::upkeep::audit_verify);
  option("--anchors", arguments_.anchors, "A file with what it printed before");
  command("backup", "Copy the store while others work on it", ::upkeep::backup);
  positional("FILE", arguments_.to, "The new file");
  command("vault:rewrap", "Open the store by another passphrase or key file from now on", ::upkeep::vault_rewrap);
  option("--new-passphrase-file", arguments_.new_passphrase_file, "The new passphrase");
  option("--new-key-file", arguments_.new_key_file, "The new key file; made if it is not there");
  flag("--keep-old", arguments_.keep_old, "The old one opens it too, until the next rewrap");
  command("clock:accept", "The machine's clock is right", ::upkeep::clock_accept);
  command("pkcs8", "Write a private key as JDBC takes it", ::upkeep::pkcs8);
  positional("IN.pem", arguments_.from, "The key, - for the standard input; --passphrase-file is its own");
  positional("OUT.pk8", arguments_.to, "The new file");
  flag("--force", arguments_.force, "Write over a file");
}

void Grammar::spaces() {
  command("spaces", "List the spaces", ::spaces::list);
  command("spaces:create", "Make a space with its first root", ::spaces::create);
  positional("SPACE", arguments_.space, "Its name");
  option("--kind", arguments_.kind,
         "private, or shield: certificates bound to their database, revocation disconnects, downloads of keys are told");
  command("spaces:info", "Show a space and its roots", ::spaces::show);
  positional("SPACE", arguments_.space, "Its name");
  command("spaces:rotate", "Take the next step to a new root, or the one that is named", ::spaces::rotate);
  positional("SPACE", arguments_.space, "Its name");
  option("--step", arguments_.step, "prepare, activate, retire, rollback or distrust");
  option("--generation", arguments_.generation, "The root to distrust; otherwise the active one");
  option("--force-server", arguments_.force_server, "Move this database's server to the new root though clients may not know it");
  option("--confirm", arguments_.confirm, "The space's name: distrust and --force-server keep clients out");
  command("spaces:adopt", "After a restore: take over what the servers' revocation lists know", ::spaces::adopt);
  positional("SPACE", arguments_.space, "Its name");
  command("spaces:revoke-serial", "Revoke a certificate that this store never saw", ::spaces::revoke_serial);
  positional("SPACE", arguments_.space, "Its name");
  positional("SERIAL", arguments_.serial, "As openssl or pg_stat_ssl show it");
  option("--generation", arguments_.generation, "Of its root; otherwise the active one");
  option("--reason", arguments_.reason, "key_compromise, superseded, cessation_of_operation …");
  disconnecting();
}

void Grammar::databases() {
  command("databases", "List the databases", ::databases::list);
  option("-a,--app", arguments_.app, "Of this app alone");
  option("--space", arguments_.space, "Of this space alone");
  command("databases:create", "Enter a database", ::databases::create);
  positional("DATABASE", arguments_.database, "Its name");
  needed("--space", arguments_.space, "The space that answers for it");
  needed("-a,--app", arguments_.app, "The app that it belongs to");
  list("--host", arguments_.hosts, "Name or address that clients connect to");
  option("--url-file", arguments_.url_file, "A file with the URL that clients connect by, - for the standard input");
  option("--url", arguments_.url, "The URL itself, if no password is in it");
  option("--admin-url-file", arguments_.admin_url_file, "How to ask the server; otherwise by its socket");
  option("--role", arguments_.role, "Of client certificates; otherwise the URL's user");
  option("--data-directory", arguments_.data_directory, "Of the server, if it is on this machine");
  list("--contact", arguments_.contacts, "Mail address of who is told about renewals");
  command("databases:info", "Show a database", ::databases::show);
  database_of_app();
  command("databases:update", "Change what is known of a database; what is not said stays", ::databases::update);
  database_of_app();
  option("--url-file", arguments_.url_file, "A file with the URL that clients connect by from now on, - for the standard input");
  option("--url", arguments_.url, "The URL itself, if no password is in it");
  option("--admin-url-file", arguments_.admin_url_file, "How to ask the server");
  flag("--no-admin-url", arguments_.no_admin_url, "By its socket");
  option("--role", arguments_.role, "Of client certificates that are issued from now on");
  list("--host", arguments_.hosts, "Name or address that clients connect to, in the place of all before");
  list("--contact", arguments_.contacts, "Mail address of who is told about renewals, in the place of all before");
  flag("--no-contacts", arguments_.no_contacts, "Nobody is told");
  option("--data-directory", arguments_.data_directory, "Of the server on this machine; while mTLS is disabled");
  flag("--no-data-directory", arguments_.no_data_directory, "The server is not on this machine; while mTLS is disabled");
  command("databases:destroy", "Forget a database and revoke its certificates", ::databases::destroy);
  database_of_app();
  option("--confirm", arguments_.confirm, "The database's name");
  command("config:get", "Print the URL of a database: NAME_URL, or DATABASE_URL of an app that has one", ::databases::config_get);
  positional("VAR", arguments_.variable, "The variable");
  needed("-a,--app", arguments_.app, "The app");
  option("--space", arguments_.space, "The space, where several have one of that name");
}

void Grammar::mtls() {
  command("data:mtls", "Show whether a database is reached by certificate", ::mtls::show);
  database_of_app();
  command("data:mtls:create", "Enable mTLS: certificates for the server and the first client, and the server takes them",
          ::mtls::create);
  database_of_app();
  list("--keep", arguments_.keep, "From these addresses today's lines of pg_hba.conf go on to hold");
  option("--method", arguments_.method, "scram-sha-256: the password too (unless said); cert: the certificate alone");
  option("--clientcert", arguments_.clientcert,
         "verify-ca: any certificate of the space (unless said); verify-full: one that names the role");
  option("--bind", arguments_.bind, "database: certificates of this database alone, with method cert; space: unless said");
  option("--confirm", arguments_.confirm, "The database's name: sessions may be cut off");
  flag("--wait", arguments_.wait, "Try again while the server is out of reach");
  now_->app->add_option("--timeout", arguments_.timeout, "Seconds to --wait")->capture_default_str();
  command("data:mtls:server-files", "Write what a server that is not on this machine needs; the sweep sees when it serves that",
          ::mtls::server_files);
  database_of_app();
  needed("--dir", arguments_.dir, "Where to write the files; the server's key is among them");
  flag("--force", arguments_.force, "Write over files");
  command("data:mtls:destroy", "Disable mTLS: the server serves again what it served before", ::mtls::destroy);
  database_of_app();
  flag("--gone", arguments_.gone, "The server is gone for good: it is not told");
  option("--confirm", arguments_.confirm, "The database's name");
}

void Grammar::ip_rules() {
  const auto one_rule = [this] {
    database_of_app();
    needed("--id", arguments_.id, "The rule");
  };
  const auto description = [this] {
    now_->app->add_option("--description", arguments_.description, "What it is for, at most 255 characters");
  };
  const auto allow_any = [this] { flag("--allow-any", arguments_.allow_any, "0.0.0.0/0 and ::/0, every address, are meant"); };
  command("data:mtls:ip-rules", "List from where a database's clients may come", ::ip_rules::list);
  database_of_app();
  flag("--all", arguments_.all, "The deleted ones too");
  command("data:mtls:ip-rules:create", "Let addresses in; at most 60 blocks a database", ::ip_rules::create);
  database_of_app();
  option("--cidr", arguments_.cidr, "192.0.2.0/24, 2001:db8::/32, or one address");
  description();
  option("--file", arguments_.file, "Many, a line each: a block, a blank, its description; - for the standard input. All or none");
  allow_any();
  command("data:mtls:ip-rules:get", "Show a rule", ::ip_rules::show);
  one_rule();
  command("data:mtls:ip-rules:update", "Change a rule's block or its description", ::ip_rules::update);
  one_rule();
  option("--cidr", arguments_.cidr, "Its new block");
  description();
  allow_any();
  for (const char* name : {"data:mtls:ip-rules:delete", "data:mtls:ip-rules:destroy"}) {
    command(name, "Let its addresses in no longer", ::ip_rules::remove);
    one_rule();
  }
}

void Grammar::certificates() {
  command("data:mtls:certificates", "List a database's client certificates", ::certificates::list);
  database_of_app();
  flag("--all", arguments_.all, "Those of its server too");
  command("data:mtls:certificates:create", "Issue a client certificate", ::certificates::create);
  database_of_app();
  option("--role", arguments_.role, "Its PostgreSQL role; otherwise the database's");
  option("--csr", arguments_.csr, "A request: the key stays with whoever made it");
  option("--key-algorithm", arguments_.key_algorithm, "ecdsa-p256 (unless said), ed25519, rsa-2048, rsa-3072, rsa-4096 …");
  option("--custody", arguments_.custody,
         "sealed: the key is kept, to be downloaded at any time; once: it is written now and not kept");
  files();
  command("data:mtls:certificates:get", "Show a certificate", ::certificates::show);
  one_certificate();
  command("data:mtls:certificates:download", "Write a certificate's files, and print the lines that use them",
          ::certificates::download);
  one_certificate();
  files();
  flag("--force", arguments_.force, "Write over files");
  command("data:mtls:certificates:renew", "Issue its successor now", ::certificates::renew);
  one_certificate();
  option("--csr", arguments_.csr, "A new request, where the key is the holder's");
  for (const char* name : {"data:mtls:certificates:delete", "data:mtls:certificates:revoke"}) {
    command(name, "Revoke a certificate, for good", ::certificates::revoke);
    one_certificate();
    option("--reason", arguments_.reason, "key_compromise, superseded, cessation_of_operation …");
    option("--confirm", arguments_.confirm, "The database's name");
    disconnecting();
  }
  command("census", "Count who is connected by certificate, and to which server", ::sessions::census);
  option("--space", arguments_.space, "Of this space alone");
}

void Grammar::disconnecting() {
  flag("--disconnect", arguments_.disconnect, "End its sessions, once the servers are proved to refuse it (a shield: unless told)");
  flag("--no-disconnect", arguments_.no_disconnect, "Let its sessions live on (elsewhere: unless told)");
}

void Grammar::doctor() {
  command("doctor", "Say what keeps a client out, and what to do about it", ::doctor::diagnose);
  now_->app->add_option("DATABASE", arguments_.database, "A database of this store: its server is looked at");
  option("-a,--app", arguments_.app, "The app that it belongs to");
  option("--space", arguments_.space, "Its space, where several have one of that name");
  option("--bundle", arguments_.bundle, "The folder of a client's files; together with a server they are tried out there");
  option("--prefix", arguments_.prefix, "How the names of the files begin");
  option("--connect", arguments_.connect, "A server, as HOST:PORT");
  option("--role", arguments_.role, "Who logs in; otherwise whom the certificate names");
  option("--dbname", arguments_.login_database, "To which database; otherwise that of the role's name");
}

// Under each command's help those that begin like it, in full.
void Grammar::footers() {
  const auto below = [this](const std::string& start) {
    std::string text;
    for (const Command& command : commands_) {
      if (command.path.starts_with(start)) text += fmt::format("  {:<32} {}\n", command.path, command.app->get_description());
    }
    return text;
  };
  root_.footer("Commands:\n" + below("") + kFooter);
  for (const auto& [path, app] : nodes_) {
    if (const std::string commands = below(path + ":"); !commands.empty()) app->footer("Commands:\n" + commands);
  }
}

// --- parsing ---

const Grammar::Command* Grammar::find(const CLI::App* app) const {
  const auto found = std::find_if(commands_.begin(), commands_.end(), [app](const Command& command) { return command.app == app; });
  return found == commands_.end() ? nullptr : &*found;
}

Failure Grammar::unknown(const std::string& typed) const {
  const auto nearest = std::min_element(commands_.begin(), commands_.end(), [&typed](const Command& a, const Command& b) {
    return distance(typed, a.path) < distance(typed, b.path);
  });
  const bool near = distance(typed, nearest->path) <= 1 + typed.size() / 4;
  return Failure{Exit::usage, "usage", fmt::format("\"{}\" is no command", typed),
                 near ? fmt::format("did you mean {}?", nearest->path) : "spaceca --help lists the commands"};
}

Failure Grammar::misunderstood(const std::string& text, const CLI::App& app) const {
  const Command* command = find(&app);
  return Failure{Exit::usage, "usage", text.substr(0, text.find('\n')),
                 fmt::format("spaceca {}--help", command == nullptr ? "" : command->path + " ")};
}

Parsed Grammar::parse(const std::vector<std::string>& words) {
  // A command with colons must be one as a whole: data:mtls:creat is not data:mtls of a database "creat".
  const std::size_t at = command_among(words);
  if (at < words.size() && words[at].find(':') != std::string::npos && !nodes_.contains(words[at])) throw unknown(words[at]);

  auto split = split_command(words);
  std::reverse(split.begin(), split.end());  // as CLI11 takes them
  const auto meant = [this] {
    const CLI::App* app = &root_;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return app;
  };
  try {
    root_.parse(split);
  } catch (const CLI::CallForHelp&) {
    return {nullptr, root_.help(), {}};
  } catch (const CLI::CallForVersion&) {
    return {nullptr, fmt::format("spaceca {}\n", kVersion), {}};
  } catch (const CLI::ParseError& error) {
    const CLI::App* app = meant();
    if (app == &root_ && at < words.size()) throw unknown(words[at]);
    throw misunderstood(error.what(), *app);
  }
  const CLI::App* app = meant();
  const Command* command = find(app);
  if (command == nullptr) {
    if (app == &root_ && words.empty()) return {nullptr, root_.help(), {}};
    throw Failure{Exit::usage, "usage", "a command is missing",
                  fmt::format("spaceca {}--help", at < words.size() ? words[at] + " " : "")};
  }
  for (const Needed& word : command->needed) {
    if (word.value->empty()) throw misunderstood(fmt::format("{} is required", word.name), *app);
  }
  if (command->path == "databases:create" && arguments_.hosts.empty()) throw misunderstood("--host is required", *app);
  return {command->runner, {}, arguments_};
}

}  // namespace

std::vector<std::string> split_command(const std::vector<std::string>& words) {
  const std::size_t at = command_among(words);
  std::vector<std::string> split{words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at)};
  if (at == words.size()) return split;
  for (std::string& piece : pieces_of(words[at])) split.push_back(std::move(piece));
  split.insert(split.end(), words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
  return split;
}

Parsed parse(const std::vector<std::string>& words) { return Grammar{}.parse(words); }

std::vector<std::string> all_commands() { return Grammar{}.paths(); }
