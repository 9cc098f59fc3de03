// What a user sees of a refusal that has several causes, for Finding::seen_as.
#pragma once

#include <string_view>

namespace spaceca::x509::seen {

// The alert that the server's OpenSSL sends to a client (ssl_x509err2alert()), in the words in which OpenSSL 1.1 and 3.0 read it
// out; from 3.2 on "ssl/tls alert" stands for "sslv3 alert".
inline constexpr std::string_view kUnknownCa = "tlsv1 alert unknown ca";
inline constexpr std::string_view kExpired = "sslv3 alert certificate expired";
inline constexpr std::string_view kBad = "sslv3 alert bad certificate";
inline constexpr std::string_view kUnsupported = "sslv3 alert unsupported certificate";
inline constexpr std::string_view kRevoked = "sslv3 alert certificate revoked";
inline constexpr std::string_view kDecryptError = "tlsv1 alert decrypt error";
inline constexpr std::string_view kCertificateUnknown = "sslv3 alert certificate unknown";
// A client's own refusal of the server, whatever the reason; after a signature that does not fit, OpenSSL's own words for that come
// first, which depend on the kind of key.
inline constexpr std::string_view kVerifyFailed = "certificate verify failed";
inline constexpr std::string_view kSignatureFailed = "SSL error";
// Before it connects, of a certificate that its OpenSSL does not even load; the server that shall show it does not start.
inline constexpr std::string_view kWeakKey = "ee key too small";
inline constexpr std::string_view kWeakCaKey = "ca key too small";
inline constexpr std::string_view kWeakDigest = "ca md too weak";

}  // namespace spaceca::x509::seen
