// A client's files, and one connection with them.
#pragma once

#include <filesystem>
#include <string>

#include <spaceca/authority.h>

namespace spaceca::test {

// Downloads it and writes its files into a new folder below that one; returns the folder.
[[nodiscard]] std::filesystem::path fetch(const Space& space, const CertificateId& id, const std::filesystem::path& below);

// Connects with these files as `app`, asks for 1 and hangs up. Empty if all of it went well, otherwise what libpq said. Any thread.
struct Way {
  const char* address = "127.0.0.1";
  // In TLS 1.3 a client's handshake is over before the server has looked at its certificate, and the server's alert may be lost.
  const char* newest_tls = "";
};
[[nodiscard]] std::string why_not_in(const std::filesystem::path& files, int port, const Way& way = {});

// Whether that is a server's word on the certificate.
[[nodiscard]] bool is_refusal(const std::string& why);

}  // namespace spaceca::test
