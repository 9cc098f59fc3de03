#include "notify/webhook_body.h"

#include "notify/peer.h"
#include "support/text.h"

using namespace spaceca;
using namespace spaceca::test;
using notify::webhook_body;
using notify::webhook_signature;

TEST_CASE("a webhook is sent these octets", "[notify]") {
  CHECK(webhook_body(renewal()) ==
        R"({"version":1,"id":"0193a7c2-1f00-7abc-8def-000000000001","kind":"renewed","created_at":"2026-11-24T09:00:00Z",)"
        R"("told_at":"2026-11-24T10:00:00Z","space":"acme","database":"sales","app":"shop",)"
        R"("contacts":["owner@example.com","second@example.org"],"role":"app",)"
        R"("certificate":{"id":"0193a7c2-1f00-7abc-8def-0000000000b2","serial":"0B0000000000000000000000000000B2",)"
        R"("not_after":"2027-12-24T09:00:00Z"},)"
        R"("predecessor":{"id":"0193a7c2-1f00-7abc-8def-0000000000a1","serial":"0A0000000000000000000000000000A1",)"
        R"("not_after":"2026-12-24T10:00:01Z"},)"
        R"("days_left":30,"subject":"A new client certificate of role app for sales is ready; the old one ends in 30 days"})");
}

TEST_CASE("what has no predecessor says null, and a role is a string whatever it holds", "[notify]") {
  Notice notice = renewal("r\xC3\xB4le \"x\" \\");
  notice.kind = NoticeKind::downloaded;
  notice.predecessor.reset();
  const std::string body = webhook_body(notice);
  CHECK_THAT(body, Catch::Matchers::ContainsSubstring("\"predecessor\":null,") &&
                       Catch::Matchers::ContainsSubstring("\"role\":\"r\xC3\xB4le \\\"x\\\" \\\\\""));
}

TEST_CASE("the signature is HMAC-SHA-256 of the time, a dot and the body", "[notify]") {
  // printf '1795514400.{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…1f
  std::string key;
  for (char c = 0; c < 32; ++c) key += c;
  CHECK(webhook_signature(SecretBytes{std::string_view{key}}, instant("2026-11-24T10:00:00Z"), "{\"a\":1}") ==
        "t=1795514400,v1=640a66a7239d0b02ecfc6f8ba49c091875230e1ab2cd237d4a4f6dc5880cf40b");
}
