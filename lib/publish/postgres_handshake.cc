#include <spaceca/postgres_handshake.h>

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "publish/tls_probe.h"

namespace spaceca {
namespace {

using Kind = ServerAnswer::Kind;

// The message of an ErrorResponse (PostgreSQL manual 55.8): fields of a letter and a text that a NUL ends.
std::string message_of(std::string_view body) {
  while (!body.empty() && body.front() != '\0') {
    const char field = body.front();
    const auto end = body.find('\0');
    if (end == std::string_view::npos) break;
    if (field == 'M') return std::string{body.substr(1, end - 1)};
    body.remove_prefix(end + 1);
  }
  return "an error without a message";
}

ServerAnswer answer_of(const publish::Handshake& seen) {
  if (seen.verdict == publish::Handshake::Verdict::refused) {
    return {.kind = seen.was_alert ? Kind::alert : Kind::cut_off, .text = seen.why};
  }
  if (seen.reply == 'E') return {.kind = Kind::error, .text = message_of(text_of(seen.reply_body))};
  // Authentication…: its number is 0 for AuthenticationOk.
  const bool wants_nothing = seen.reply == 'R' && seen.reply_body == Bytes{0, 0, 0, 0};
  return {.kind = wants_nothing ? Kind::lets_in : Kind::asks_password};
}

}  // namespace

ServerSeen look_at_postgres(const PostgresVisit& visit, const Shown* shown) {
  for (const std::string* name : {&visit.role, &visit.database}) {
    if (name->find('\0') != std::string::npos) {
      throw Error{Errc::invalid_argument, "visit: a role or a database may not hold a NUL"};
    }
  }
  const std::string role = visit.role.empty() ? std::string{publish::kProbeRole} : visit.role;
  const publish::Address server{.host = visit.host,
                                .numeric = {},
                                .port = fmt::to_string(visit.port),
                                .database = visit.database.empty() ? role : visit.database};
  const auto deadline = [&visit] { return std::chrono::steady_clock::now() + visit.patience; };
  publish::Handshake seen =
      publish::shake_hands(server, publish::Visitor{.chain = nullptr, .key = nullptr, .role = role}, deadline());
  ServerSeen result{.address = server.text(),
                    .speaks_tls = seen.verdict != publish::Handshake::Verdict::no_tls,
                    .certificates = std::move(seen.chain),
                    .asks_for_certificate = seen.asks_for_certificate,
                    .issuers = std::move(seen.issuers)};
  if (!result.speaks_tls) return result;
  result.with_none = answer_of(seen);
  if (shown == nullptr) return result;
  result.with_shown = answer_of(
      publish::shake_hands(server, publish::Visitor{.chain = &shown->chain, .key = &shown->key, .role = role}, deadline()));
  return result;
}

}  // namespace spaceca
