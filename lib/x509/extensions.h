// The extensions of our certificates and lists, one function each, and the parts of names (RFC 5280 4.2, 5.2, 5.3, 4.1.2.4).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <spaceca/bytes.h>
#include <spaceca/crl.h>
#include <spaceca/names.h>

#include "x509/der.h"

namespace spaceca::x509 {

// 4.2.1.9, critical. A leaf's is the empty SEQUENCE: FALSE is the default, and DER does not write defaults.
void write_ca_basic_constraints(der::Writer& w);  // cA, pathLenConstraint 0
void write_leaf_basic_constraints(der::Writer& w);

// 4.2.1.3, critical. Bits as in certificate_impl.h.
void write_key_usage(der::Writer& w, std::uint8_t bits);

// 4.2.1.12, one purpose.
void write_extended_key_usage(der::Writer& w, const der::Oid& purpose);

// 4.2.1.2 and 4.2.1.1. The authority's by keyid alone: with issuer and serial a re-issued root would break its leaves.
void write_subject_key_identifier(der::Writer& w, ByteView identifier);
void write_authority_key_identifier(der::Writer& w, ByteView identifier);

// 4.2.1.6. An address goes as iPAddress, never as dNSName.
void write_subject_alt_name(der::Writer& w, const std::vector<HostName>& hosts);
void write_subject_alt_name(der::Writer& w, const CertificateId& id);  // URI urn:uuid:… (RFC 9562 4)

// 5.2.3, a list's own number.
void write_crl_number(der::Writer& w, std::uint64_t number);
// 5.3.1, of an entry. Not for unspecified: "the reason code CRL entry extension SHOULD be absent instead".
void write_crl_reason(der::Writer& w, RevocationReason reason);

// One RelativeDistinguishedName of one attribute, always a UTF8String.
void write_rdn(der::Writer& w, const der::Oid& attribute, std::string_view value);

}  // namespace spaceca::x509
