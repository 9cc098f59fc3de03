// What is typed, and what the program takes it for; without a store.
#include "grammar.h"
#include "bundle_files.h"
#include "failure.h"
#include "support/files.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
using Words = std::vector<std::string>;

namespace {

// The refusal, as it would be printed.
std::string refusal(const Words& words) {
  try {
    static_cast<void>(parse(words));
  } catch (const Failure& failure) {
    CHECK(static_cast<int>(failure.exit()) == 2);
    return complaint(failure, false);
  }
  return "was not refused";
}

}  // namespace

TEST_CASE("the command is split at its colons, and nothing else is", "[cli]") {
  auto [typed, split] = GENERATE(table<Words, Words>({
      {{"data:mtls:create", "sales"}, {"data", "mtls", "create", "sales"}},
      {{"data", "mtls", "create", "sales"}, {"data", "mtls", "create", "sales"}},
      {{"--json", "data:mtls", "sales"}, {"--json", "data", "mtls", "sales"}},
      {{"--store", "sqlite:/x/y", "spaces:info", "acme"}, {"--store", "sqlite:/x/y", "spaces", "info", "acme"}},
      {{"--store=sqlite:/x/y", "spaces"}, {"--store=sqlite:/x/y", "spaces"}},
      {{"init", "--store", "sqlite:/x/y"}, {"init", "--store", "sqlite:/x/y"}},
      {{"config:get", "a:b"}, {"config", "get", "a:b"}},
      {{"--json"}, {"--json"}},
      {{"--store"}, {"--store"}},
      {{}, {}},
  }));
  CHECK(split_command(typed) == split);
}

TEST_CASE("both ways to write a command mean the same", "[cli]") {
  const Parsed colons = parse({"data:mtls:certificates:get", "sales", "-a", "shop", "--id", "7"});
  const Parsed blanks = parse({"data", "mtls", "certificates", "get", "sales", "--app", "shop", "--id=7"});
  CHECK(colons.runner != nullptr);
  CHECK(colons.runner == blanks.runner);
  CHECK(colons.arguments.database == "sales");
  CHECK(blanks.arguments.app == "shop");
  CHECK(blanks.arguments.id == "7");
}

TEST_CASE("a command and those below it are told apart", "[cli]") {
  const Runner list = parse({"data:mtls:certificates", "sales", "-a", "shop"}).runner;
  const Runner status = parse({"data:mtls", "sales", "-a", "shop"}).runner;
  const Runner create = parse({"data:mtls:create", "sales", "-a", "shop"}).runner;
  CHECK(list != status);
  CHECK(status != create);
  CHECK(parse({"spaces"}).runner != parse({"spaces:info", "acme"}).runner);
  CHECK(parse({"data:mtls:certificates:revoke", "sales", "-a", "shop", "--id", "7"}).runner ==
        parse({"data:mtls:certificates:delete", "sales", "-a", "shop", "--id", "7"}).runner);
}

TEST_CASE("a database may have the name of a command", "[cli]") {
  for (const char* name : {"audit", "spaces", "data", "sweep", "init"}) {
    INFO(name);
    const Parsed parsed = parse({"data:mtls:create", name, "-a", "spaces"});
    CHECK(parsed.arguments.database == name);
    CHECK(parsed.arguments.app == "spaces");
    CHECK(parse({"databases:info", name, "-a", "x"}).arguments.database == name);
    CHECK(parse({"data:mtls", name, "-a", "x"}).arguments.database == name);
  }
}

TEST_CASE("options of every command stand before it and behind it", "[cli]") {
  CHECK(parse({"--json", "spaces"}).arguments.json);
  CHECK(parse({"spaces", "--json"}).arguments.json);
  CHECK(parse({"--actor", "ops", "spaces:info", "acme"}).arguments.actor == "ops");
  CHECK(parse({"spaces:info", "acme", "--actor", "ops"}).arguments.actor == "ops");
  CHECK(parse({"spaces:info", "--store", "sqlite:x", "acme"}).arguments.store == "sqlite:x");
}

TEST_CASE("what may be given again is collected, and takes no word that follows", "[cli]") {
  const Parsed made =
      parse({"databases:create", "--host", "a.example", "sales", "--host", "10.0.0.1", "--space", "acme", "--app", "shop"});
  CHECK(made.arguments.hosts == Words{"a.example", "10.0.0.1"});
  CHECK(made.arguments.database == "sales");
  CHECK(parse({"data:mtls:create", "--keep", "10.0.0.0/8", "sales", "-a", "shop", "--keep", "::1/128"}).arguments.keep ==
        Words{"10.0.0.0/8", "::1/128"});
}

TEST_CASE("every command that the reference has is there, and every other of ours", "[cli]") {
  CHECK(all_commands() == Words{"init",
                                "sweep",
                                "audit",
                                "audit:verify",
                                "backup",
                                "vault:rewrap",
                                "clock:accept",
                                "pkcs8",
                                "spaces",
                                "spaces:create",
                                "spaces:info",
                                "spaces:rotate",
                                "spaces:adopt",
                                "spaces:revoke-serial",
                                "databases",
                                "databases:create",
                                "databases:info",
                                "databases:update",
                                "databases:destroy",
                                "config:get",
                                "data:mtls",
                                "data:mtls:create",
                                "data:mtls:server-files",
                                "data:mtls:destroy",
                                "data:mtls:ip-rules",
                                "data:mtls:ip-rules:create",
                                "data:mtls:ip-rules:get",
                                "data:mtls:ip-rules:update",
                                "data:mtls:ip-rules:delete",
                                "data:mtls:ip-rules:destroy",
                                "data:mtls:certificates",
                                "data:mtls:certificates:create",
                                "data:mtls:certificates:get",
                                "data:mtls:certificates:download",
                                "data:mtls:certificates:renew",
                                "data:mtls:certificates:delete",
                                "data:mtls:certificates:revoke",
                                "census",
                                "doctor"});
}

TEST_CASE("every command explains itself", "[cli]") {
  for (const std::string& command : all_commands()) {
    INFO(command);
    const Parsed help = parse({command, "--help"});
    CHECK(help.runner == nullptr);
    CHECK_THAT(help.text, ContainsSubstring("Usage: ") && ContainsSubstring("--json"));
  }
  CHECK_THAT(parse({}).text, ContainsSubstring("data:mtls:certificates:download") && ContainsSubstring("Exit codes: 0 done"));
  CHECK(parse({"--help"}).text == parse({}).text);
  CHECK(parse({"--version"}).text == "spaceca 0.1.0\n");
}

TEST_CASE("what cannot be understood is refused with 2, and says where help is", "[cli]") {
  auto [words, text] = GENERATE(table<Words, std::string>({
      {{"spces"}, "spaceca: \"spces\" is no command\nhint: did you mean spaces?\n"},
      {{"data:mtls:creat", "sales"}, "spaceca: \"data:mtls:creat\" is no command\nhint: did you mean data:mtls:create?\n"},
      {{"frobnicate-the-lot"}, "spaceca: \"frobnicate-the-lot\" is no command\nhint: spaceca --help lists the commands\n"},
      {{"data:"}, "spaceca: \"data:\" is no command\n"},
      {{":spaces"}, "spaceca: \":spaces\" is no command\n"},
      {{"data"}, "spaceca: a command is missing\nhint: spaceca data --help\n"},
      {{"vault"}, "spaceca: a command is missing\nhint: spaceca vault --help\n"},
      {{"--json"}, "spaceca: a command is missing\nhint: spaceca --help\n"},
      {{"data:mtls"}, "spaceca: DATABASE is required\nhint: spaceca data:mtls --help\n"},
      {{"data:mtls", "sales"}, "spaceca: --app is required\nhint: spaceca data:mtls --help\n"},
      {{"data:mtls:create", "-a", "shop"}, "spaceca: DATABASE is required\nhint: spaceca data:mtls:create --help\n"},
      {{"data:mtls:certificates:get", "sales", "-a", "shop"}, "spaceca: --id is required\n"},
      {{"data:mtls:create", "sales", "stock", "-a", "shop"}, "stock"},
      {{"spaces", "--nonsense"}, "--nonsense"},
      {{"spaces", "acme"}, "acme"},
      {{"sweep", "--deadline", "soon"}, "--deadline"},
      {{"sweep", "--deadline", "-1"}, "--deadline"},
      {{"databases:create", "sales", "--space", "acme", "--app", "shop"}, "spaceca: --host is required\n"},
      {{"spaces:create"}, "spaceca: SPACE is required\n"},
      {{"spaces:revoke-serial", "acme"}, "spaceca: SERIAL is required\n"},
      {{"pkcs8", "a.pem"}, "spaceca: OUT.pk8 is required\n"},
      {{"config:get", "DATABASE_URL"}, "spaceca: --app is required\n"},
      {{"backup"}, "spaceca: FILE is required\n"},
      {{"databases:info", "sales", "-a"}, "--app"},
  }));
  CHECK_THAT(refusal(words), ContainsSubstring(text));
}

// --- formats and stores ---

TEST_CASE("formats are separated by commas or given again, and libpq and jdbc unless said", "[cli]") {
  using Formats = std::vector<Format>;
  CHECK(formats_of({}) == Formats{Format::libpq, Format::jdbc});
  CHECK(formats_of({"pkcs12,env", "uri"}) == Formats{Format::pkcs12, Format::env, Format::uri});
  CHECK(formats_of({"libpq,libpq"}) == Formats{Format::libpq});
  check_refused([] { return formats_of({"pem"}); }, Errc::invalid_argument,
                "format \"pem\": is none of libpq, jdbc, pkcs12, env, service, uri, k8s");
  check_refused([] { return formats_of({"libpq,"}); }, Errc::invalid_argument, "format \"\"");
}

TEST_CASE("what cannot be written is refused before a certificate is asked for", "[cli]") {
  const TemporaryFolder folder;
  Arguments arguments;
  arguments.dir = folder.path().string();
  arguments.prefix = "demo_";
  write_file(folder.path() / "demo_postgresql.pk8", "mine");
  check_refused([&] { return plan_of(arguments, true); }, Errc::exists, "demo_postgresql.pk8\": exists already");
  CHECK(plan_of(arguments, false).formats.size() == 2);  // without a key there is no .pk8 to write
  arguments.force = true;
  CHECK(plan_of(arguments, true).force);
  arguments.prefix = "../demo_";
  check_refused([&] { return plan_of(arguments, true); }, Errc::invalid_argument, "may not hold a slash");
  arguments.prefix = "demo_";
  for (const char* format : {"jdbc", "pkcs12", "k8s"}) {
    arguments.formats = {format};
    check_refused([&] { return plan_of(arguments, false); }, Errc::key_not_kept, "holds the private key, which is not here");
  }
}

TEST_CASE("a dangling link counts as a file that is there", "[cli]") {
  const TemporaryFolder folder;
  Arguments arguments;
  arguments.dir = folder.path().string();
  std::filesystem::create_symlink("/nowhere/at/all", folder.path() / "postgresql.key");
  check_refused([&] { return plan_of(arguments, true); }, Errc::exists, "postgresql.key");
}

TEST_CASE("a store is named by its kind and its path, and what is no such name is not repeated", "[cli]") {
  CHECK(path_of_store("sqlite:/var/lib/spaceca/spaceca.db") == "/var/lib/spaceca/spaceca.db");
  CHECK(path_of_store("sqlite:ca.db") == "ca.db");
  for (const char* wrong : {"ca.db", "sqlite:", "postgres://ops:secret@db/ca"}) {
    INFO(wrong);
    try {
      static_cast<void>(path_of_store(wrong));
      FAIL("was taken");
    } catch (const Failure& failure) {
      CHECK(static_cast<int>(failure.exit()) == 2);
      CHECK_THAT(failure.what(), !ContainsSubstring("secret"));
    }
  }
}
