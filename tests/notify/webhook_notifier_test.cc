// Webhooks that arrive, or do not, at an HTTPS server of Python's.
#include <spaceca/webhook_notifier.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <spaceca/error.h>

#include "notify/peer.h"
#include "support/child.h"
#include "support/postgres.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using Catch::Matchers::ContainsSubstring;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

namespace {

const std::string kKey = "an HMAC key of thirty-two octets";

class WebServer final {
 public:
  explicit WebServer(const Words& more = {}, const std::string& host = "localhost")
      : files_(host), peer_("web_server.py", arguments(more)) {}

  [[nodiscard]] WebhookNotifierOptions options() const {
    return {.url = SecretBytes{fmt::format("https://localhost:{}/hook/s3cret-token?x=1", peer_.port())},
            .key = SecretBytes{std::string_view{kKey}},
            .roots = files_.roots(),
            .patience = std::chrono::seconds{60}};
  }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  [[nodiscard]] bool was_asked() const { return std::filesystem::exists(path("1.json")); }
  [[nodiscard]] Json request() const { return Json::parse(read_file(path("1.json"))); }

 private:
  [[nodiscard]] Words arguments(const Words& more) const {
    Words all{folder_.path().string(), files_.certificate(), files_.key()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  TemporaryFolder folder_;
  PeerFiles files_;
  Peer peer_;
};

}  // namespace

TEST_CASE("a webhook is sent one POST of JSON", "[notify]") {
  const WebServer server;
  webhook_notifier(server.options())->deliver(renewal());
  CHECK(server.request()["path"] == "/hook/s3cret-token?x=1");
  CHECK(server.request()["headers"]["Content-Type"] == "application/json");
  CHECK(server.request()["headers"]["User-Agent"] == "spaceca");
  const Json body = Json::parse(read_file(server.path("1.body")));
  CHECK(body["version"] == 1);
  CHECK(body["id"] == "0193a7c2-1f00-7abc-8def-000000000001");
  CHECK(body["kind"] == "renewed");
  CHECK(body["days_left"] == 30);
  CHECK_FALSE(std::filesystem::exists(server.path("2.json")));
}

TEST_CASE("its signature is what a receiver computes, and openssl too", "[notify]") {
  const WebServer server;
  webhook_notifier(server.options())->deliver(renewal());
  const std::string signature = server.request()["headers"]["Spaceca-Signature"];
  write_file(server.path("key"), kKey);
  CHECK(answer_of("check_signature.py", {server.path("key").string(), server.path("1.body").string(), signature}) ==
        "1795514400\n");
  const Outcome openssl =
      run({"openssl", "dgst", "-sha256", "-hmac", kKey, "-r"}, {.input = "1795514400." + read_file(server.path("1.body"))});
  CHECK(signature == "t=1795514400,v1=" + openssl.out.substr(0, 64));
  CHECK_THROWS(answer_of("check_signature.py", {server.path("1.json").string(), server.path("1.body").string(), signature}));
}

TEST_CASE("each answer of the two hundreds is taken for delivered", "[notify]") {
  const int answer = GENERATE(200, 201, 202, 204);
  const WebServer server{{"--answer", std::to_string(answer)}};
  CHECK_NOTHROW(webhook_notifier(server.options())->deliver(renewal()));
}

TEST_CASE("every other answer is not, and a redirect is not followed", "[notify]") {
  const int answer = GENERATE(301, 302, 307, 308, 400, 401, 404, 410, 429, 500, 503);
  Words more{"--answer", std::to_string(answer)};
  if (answer / 100 == 3) more.insert(more.end(), {"--location", "/elsewhere"});
  const WebServer server{more};
  const Refusal refusal = refusal_of(*webhook_notifier(server.options()));
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::not_taken));
  CHECK_THAT(refusal.text, Catch::Matchers::StartsWith("webhook at localhost:") &&
                               Catch::Matchers::EndsWith(fmt::format("answers {}, not 2xx", answer)) &&
                               !ContainsSubstring("s3cret"));
  CHECK_FALSE(std::filesystem::exists(server.path("followed")));
  CHECK_FALSE(std::filesystem::exists(server.path("2.json")));
}

TEST_CASE("a server whose certificate is another's, or of another root, is sent nothing", "[notify]") {
  const bool other_host = GENERATE(true, false);
  const WebServer server{{}, other_host ? "other.example" : "localhost"};
  const PeerFiles stranger;
  WebhookNotifierOptions options = server.options();
  if (!other_host) options.roots = stranger.roots();
  const Refusal refusal = refusal_of(*webhook_notifier(std::move(options)));
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::policy));
  CHECK_THAT(refusal.text, ContainsSubstring("certificate") && !ContainsSubstring("s3cret"));
  CHECK_FALSE(server.was_asked());
}

TEST_CASE("a server that breaks off, is silent or is not there is unreachable", "[notify]") {
  const std::string how = GENERATE("--reset", "--mute", "gone");
  const WebServer server{how == "gone" ? Words{} : Words{how}};
  WebhookNotifierOptions options = server.options();
  if (how == "gone") options.url = SecretBytes{fmt::format("https://localhost:{}/s3cret", free_port())};
  if (how == "--mute") options.patience = std::chrono::seconds{2};
  const Refusal refusal = refusal_of(*webhook_notifier(std::move(options)));
  INFO(refusal.text);
  CHECK(static_cast<int>(refusal.code) == static_cast<int>(Errc::unreachable));
  CHECK_THAT(refusal.text, !ContainsSubstring("s3cret"));
}
