// OpenSSL's values of certificates and lists in our terms.
#pragma once

#include <ctime>
#include <optional>
#include <string>

#include <openssl/bn.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <spaceca/bytes.h>
#include <spaceca/clock.h>

#include "harness.h"

namespace spaceca::fuzz {

// Nothing for what is no date.
[[nodiscard]] inline std::optional<Instant> instant_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return Instant{std::chrono::seconds{timegm(&parts)}};
}

// The magnitude of a positive number without leading zeros; nothing for others.
[[nodiscard]] inline std::optional<Bytes> magnitude_of(const ASN1_INTEGER* integer) {
  const Owned<BIGNUM, BN_free> number{integer != nullptr ? ASN1_INTEGER_to_BN(integer, nullptr) : nullptr};
  if (number == nullptr || BN_is_negative(number.get()) || BN_is_zero(number.get())) return std::nullopt;
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), octets.data());
  return octets;
}

[[nodiscard]] inline ByteView octets_of(const ASN1_STRING* string) {
  if (string == nullptr) return {};
  return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// As OpenSSL prints it by RFC 2253, UTF-8 unescaped.
[[nodiscard]] inline std::string text_of(const X509_NAME* name) {
  const Owned<BIO, BIO_free_all> bio{BIO_new(BIO_s_mem())};
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* start = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &start);
  return {start, static_cast<std::size_t>(size)};
}

}  // namespace spaceca::fuzz
