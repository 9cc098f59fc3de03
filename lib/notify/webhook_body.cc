#include "notify/webhook_body.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "ossl/mac.h"

namespace spaceca::notify {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

// "2026-11-24T10:00:00Z" (RFC 3339).
std::string rfc3339(Instant instant) {
  std::string text = text_of(instant);
  text.at(text.find(' ')) = 'T';
  return text + 'Z';
}

Json certificate(const CertificateId& id, const Serial& serial, Instant not_after) {
  return {{"id", id.text()}, {"serial", serial.hex()}, {"not_after", rfc3339(not_after)}};
}

}  // namespace

std::string webhook_body(const Notice& notice) {
  Json body = {{"version", kVersion},
               {"id", notice.id},
               {"kind", text_of(notice.kind)},
               {"created_at", rfc3339(notice.created_at)},
               {"told_at", rfc3339(notice.told_at)},
               {"space", notice.space.text()},
               {"database", notice.database.text()},
               {"app", notice.app.text()},
               {"contacts", notice.contacts},
               {"role", notice.role.text()},
               {"certificate", certificate(notice.certificate, notice.serial, notice.not_after)},
               {"predecessor", nullptr},
               {"days_left", days_left(notice)},
               {"subject", message_of(notice).subject}};
  if (notice.predecessor && notice.predecessor_serial && notice.predecessor_ends) {
    body["predecessor"] = certificate(*notice.predecessor, *notice.predecessor_serial, *notice.predecessor_ends);
  }
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string webhook_signature(const SecretBytes& key, Instant at, std::string_view body) {
  const auto seconds = at.time_since_epoch().count();
  std::array<std::uint8_t, ossl::Hmac::kSize> code{};
  ossl::Hmac{key.reveal()}.code(bytes_of(fmt::format("{}.{}", seconds, body)), code);
  return fmt::format("t={},v1={}", seconds, hex_of(code, HexCase::lower));
}

}  // namespace spaceca::notify
