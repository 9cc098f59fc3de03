// How a diagnosis is put together, and the words that several of them share.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <spaceca/certificate.h>
#include <spaceca/diagnosis.h>

#include "base/legible.h"
#include "base/printable.h"
#include "x509/seen_as.h"

namespace spaceca::diagnosis {

namespace seen = x509::seen;

struct Words {
  std::string_view rule;
  std::string text;
  std::string_view source;
  std::string_view seen_as;  // empty if nobody notices, or if each client says it in its own words
  std::string remedy;
};

inline Diagnosis made_of(Certainty certainty, Words words) {
  return {.certainty = certainty,
          .finding = {.rule = std::string{words.rule},
                      .text = std::move(words.text),
                      .source = std::string{words.source},
                      .seen_as = std::string{words.seen_as}},
          .remedy = std::move(words.remedy)};
}
inline Diagnosis fault(Words words) { return made_of(Certainty::fault, std::move(words)); }
inline Diagnosis doubt(Words words) { return made_of(Certainty::doubt, std::move(words)); }

// A stranger's sentence, longer than printable() allows.
inline std::string line_of(std::string_view text) {
  constexpr std::size_t kLongest = 400;
  return one_line(text, kLongest);
}

inline std::string file_text(std::string_view name) { return fmt::format("file \"{}\"", printable(name)); }
inline std::string subject_text(const Certificate& certificate) { return fmt::format("\"{}\"", printable(certificate.subject())); }
inline std::string issuer_text(const Certificate& certificate) { return fmt::format("\"{}\"", printable(certificate.issuer())); }

// Who says so.
inline constexpr std::string_view kLibpq = "PostgreSQL: fe-secure-openssl.c";
inline constexpr std::string_view kServer = "PostgreSQL: be-secure-openssl.c";
inline constexpr std::string_view kAuthentication = "PostgreSQL: auth.c";
inline constexpr std::string_view kLazyKeyManager = "pgjdbc: LazyKeyManager";
inline constexpr std::string_view kPkcs12KeyManager = "pgjdbc: PKCS12KeyManager";

// What users read, by libpq 15 on OpenSSL 3.0 or from the server.
inline constexpr std::string_view kNoneSent = "connection requires a valid client certificate";
inline constexpr std::string_view kKeyMismatch = "key values mismatch";

}  // namespace spaceca::diagnosis
