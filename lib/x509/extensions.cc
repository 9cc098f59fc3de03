#include "x509/extensions.h"

#include <array>
#include <bit>
#include <string>

namespace spaceca::x509 {
namespace {

using der::Tag;

enum class Critical { no, yes };

template <class Value>
void write_extension(der::Writer& w, const der::Oid& oid, Critical critical, Value&& value) {
  w.sequence([&] {
    w.object(oid);
    if (critical == Critical::yes) w.boolean_true();
    w.nest(Tag::octet_string, value);
  });
}

}  // namespace

void write_ca_basic_constraints(der::Writer& w) {
  write_extension(w, der::oids::kBasicConstraints, Critical::yes, [&] {
    w.sequence([&] {
      w.boolean_true();
      w.small_integer(0);
    });
  });
}

void write_leaf_basic_constraints(der::Writer& w) {
  write_extension(w, der::oids::kBasicConstraints, Critical::yes, [&] { w.sequence([] {}); });
}

void write_key_usage(der::Writer& w, std::uint8_t bits) {
  // A named bit list ends with its last one bit (X.690 11.2.2).
  const std::uint8_t content[] = {static_cast<std::uint8_t>(std::countr_zero(bits)), bits};
  write_extension(w, der::oids::kKeyUsage, Critical::yes, [&] { w.value(Tag::bit_string, content); });
}

void write_extended_key_usage(der::Writer& w, const der::Oid& purpose) {
  write_extension(w, der::oids::kExtendedKeyUsage, Critical::no, [&] { w.sequence([&] { w.object(purpose); }); });
}

void write_subject_key_identifier(der::Writer& w, ByteView identifier) {
  write_extension(w, der::oids::kSubjectKeyIdentifier, Critical::no, [&] { w.value(Tag::octet_string, identifier); });
}

void write_authority_key_identifier(der::Writer& w, ByteView identifier) {
  write_extension(w, der::oids::kAuthorityKeyIdentifier, Critical::no,
                  [&] { w.sequence([&] { w.value(der::context(0), identifier); }); });
}

void write_subject_alt_name(der::Writer& w, const std::vector<HostName>& hosts) {
  constexpr unsigned kDnsName = 2;
  constexpr unsigned kIpAddress = 7;
  write_extension(w, der::oids::kSubjectAltName, Critical::no, [&] {
    w.sequence([&] {
      for (const HostName& host : hosts) {
        w.value(der::context(host.kind() == HostName::Kind::dns ? kDnsName : kIpAddress), host.octets());
      }
    });
  });
}

void write_subject_alt_name(der::Writer& w, const CertificateId& id) {
  constexpr unsigned kUri = 6;
  write_extension(w, der::oids::kSubjectAltName, Critical::no, [&] {
    w.sequence([&] {
      w.nest(der::context(kUri), [&] {
        w.raw(bytes_of("urn:uuid:"));
        w.raw(bytes_of(id.text()));
      });
    });
  });
}

void write_crl_number(der::Writer& w, std::uint64_t number) {
  std::array<std::uint8_t, sizeof number> magnitude{};
  for (auto octet = magnitude.rbegin(); octet != magnitude.rend(); ++octet, number >>= 8) {
    *octet = static_cast<std::uint8_t>(number);
  }
  write_extension(w, der::oids::kCrlNumber, Critical::no, [&] { w.integer(magnitude); });
}

void write_crl_reason(der::Writer& w, RevocationReason reason) {
  const auto number = static_cast<std::uint8_t>(reason);
  write_extension(w, der::oids::kCrlReason, Critical::no, [&] { w.value(Tag::enumerated, {&number, 1}); });
}

void write_rdn(der::Writer& w, const der::Oid& attribute, std::string_view value) {
  w.nest(Tag::set, [&] {
    w.sequence([&] {
      w.object(attribute);
      w.utf8(value);
    });
  });
}

}  // namespace spaceca::x509
