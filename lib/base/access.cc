#include <spaceca/access.h>

#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"

namespace spaceca {
namespace {

template <class T>
using Words = std::array<std::pair<T, std::string_view>, 2>;

constexpr Words<AuthMethod> kMethods{{{AuthMethod::scram_sha_256, "scram-sha-256"}, {AuthMethod::cert, "cert"}}};
constexpr Words<ClientCert> kClientCerts{{{ClientCert::verify_ca, "verify-ca"}, {ClientCert::verify_full, "verify-full"}}};
constexpr Words<BoundTo> kBindings{{{BoundTo::space, "space"}, {BoundTo::database, "database"}}};

template <class T>
std::string_view word_of(const Words<T>& words, T value) {
  return words[0].first == value ? words[0].second : words[1].second;
}

template <class T>
T value_of(const Words<T>& words, std::string_view what, std::string_view text) {
  for (const auto& [value, word] : words) {
    if (word == text) return value;
  }
  throw Error{Errc::invalid_argument,
              fmt::format("{} \"{}\": is {} or {}", what, printable(text), words[0].second, words[1].second)};
}

}  // namespace

Access access_of(const AccessChoice& choice, BoundTo unless_said) {
  const BoundTo binding = choice.binding.value_or(unless_said);
  const bool bound = binding == BoundTo::database;
  const AuthMethod method = choice.method.value_or(bound ? AuthMethod::cert : AuthMethod::scram_sha_256);
  if (bound && method != AuthMethod::cert) {
    throw Error{Errc::policy,
                "binding a certificate to its database: PostgreSQL compares that by a name map, which it allows with method cert "
                "alone, so no password is asked; take method cert, or bind to the space"};
  }
  if (method == AuthMethod::cert && choice.clientcert == ClientCert::verify_ca) {
    throw Error{Errc::policy,
                "method cert: always compares the name in the certificate, so verify-ca does not go with it; take "
                "verify-full, or method scram-sha-256"};
  }
  const ClientCert unless_told = method == AuthMethod::cert ? ClientCert::verify_full : ClientCert::verify_ca;
  return {.method = method, .clientcert = choice.clientcert.value_or(unless_told), .binding = binding};
}

std::string_view text_of(AuthMethod method) { return word_of(kMethods, method); }
std::string_view text_of(ClientCert clientcert) { return word_of(kClientCerts, clientcert); }
std::string_view text_of(BoundTo binding) { return word_of(kBindings, binding); }
AuthMethod auth_method_of(std::string_view text) { return value_of(kMethods, "method", text); }
ClientCert client_cert_of(std::string_view text) { return value_of(kClientCerts, "clientcert", text); }
BoundTo binding_of(std::string_view text) { return value_of(kBindings, "binding", text); }

}  // namespace spaceca
