#include "publish/tls_probe.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <spaceca/error.h>

#include "files/posix.h"
#include "ossl/check.h"
#include "ossl/handles.h"

namespace spaceca::publish {
namespace {

using Context = std::unique_ptr<SSL_CTX, ossl::Deleter<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, ossl::Deleter<SSL_free>>;

[[noreturn]] void unreachable(const Address& server, std::string_view why) {
  throw Error{Errc::unreachable, fmt::format("the server at {}: {}", server.text(), why)};
}

// --- octets over TCP ---

class Socket final {
 public:
  Socket(const Address& server, Deadline deadline) : server_(server), deadline_(deadline) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    if (!server.numeric.empty()) hints.ai_flags = AI_NUMERICHOST;
    const std::string& host = server.numeric.empty() ? server.host : server.numeric;
    addrinfo* found = nullptr;
    // The one wait without a deadline of ours: connection.h.
    const int code = getaddrinfo(host.c_str(), server.port.c_str(), &hints, &found);
    if (code != 0) unreachable(server, gai_strerror(code));
    const std::unique_ptr<addrinfo, ossl::Deleter<freeaddrinfo>> addresses{found};
    int error = 0;
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
      error = connect_to(*address);
      if (error == 0) return;
    }
    unreachable(server, std::generic_category().message(error));
  }

  void send_all(ByteView octets) {
    while (!octets.empty()) {
      const ssize_t sent = send(descriptor_.get(), octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) {
        octets = octets.subspan(static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN) {
        if (!wait_for(descriptor_.get(), Until::writable, deadline_)) unreachable(server_, "does not read what it is sent");
      } else if (errno != EINTR) {
        return;  // what it sent before it hung up may still be read
      }
    }
  }

  // Nothing at the end, and if it was cut off.
  ByteView receive() {
    for (;;) {
      const ssize_t size = recv(descriptor_.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (size >= 0) return ByteView{buffer_}.first(static_cast<std::size_t>(size));
      if (errno == EAGAIN) {
        if (!wait_for(descriptor_.get(), Until::readable, deadline_)) unreachable(server_, "does not answer");
      } else if (errno != EINTR) {
        return {};
      }
    }
  }

  [[nodiscard]] bool says_something_by(Deadline moment) const {
    return wait_for(descriptor_.get(), Until::readable, std::min(moment, deadline_));
  }

 private:
  int connect_to(const addrinfo& address) {
    descriptor_ =
        files::Descriptor{socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol)};
    if (!descriptor_.is_open()) return errno;
    if (connect(descriptor_.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (!wait_for(descriptor_.get(), Until::writable, deadline_)) return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(descriptor_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
    return error;
  }

  const Address& server_;
  Deadline deadline_;
  files::Descriptor descriptor_;
  std::array<std::uint8_t, 16384> buffer_{};
};

// --- TLS over it, by memory: nothing here raises SIGPIPE or waits without an end ---

// An object's DER by OpenSSL's i2d; empty if it cannot be written, or for want of memory: an exception may not cross OpenSSL's
// frames.
template <class Object>
Bytes der_of(int (*i2d)(const Object*, unsigned char**), const Object* object) noexcept {
  std::uint8_t* der = nullptr;
  const int size = object != nullptr ? i2d(object, &der) : 0;
  Bytes octets;
  try {
    if (size > 0) octets.assign(der, der + size);
  } catch (const std::bad_alloc&) {
    octets.clear();
  }
  OPENSSL_free(der);
  return octets;
}

// Keeps the certificates that the server shows and lets them pass: the first is compared with the one that is expected, octet for
// octet.
int keep_certificates(X509_STORE_CTX* store, void* seen) {
  auto& kept = *static_cast<Handshake*>(seen);
  kept.certificate = der_of(i2d_X509, static_cast<const X509*>(X509_STORE_CTX_get0_cert(store)));
  const STACK_OF(X509)* const shown = X509_STORE_CTX_get0_untrusted(store);
  try {
    for (int i = 0; i < sk_X509_num(shown); ++i) {
      kept.chain.push_back(der_of(i2d_X509, static_cast<const X509*>(sk_X509_value(shown, i))));
    }
  } catch (const std::bad_alloc&) {
    kept.chain.clear();
  }
  return 1;
}

// OpenSSL calls this where the server asks the client for a certificate, whether there is one or not.
int note_request(SSL*, void* seen) {
  static_cast<Handshake*>(seen)->asks_for_certificate = true;
  return 1;
}

ossl::X509Certificate x509_of(const Certificate& certificate) {
  const std::uint8_t* at = certificate.der().data();
  const auto size = static_cast<long>(certificate.der().size());
  return ossl::X509Certificate{ossl::check(d2i_X509(nullptr, &at, size), "read the probe's certificate")};
}

// As ossl::check, for what OpenSSL writes as macros over its ctrl functions, which give a long.
void require(long result, std::string_view doing) {
  if (result <= 0) ossl::fail(doing);
}

void use_credential(SSL_CTX* context, const Chain& chain, const PrivateKey& private_key) {
  const auto leaf = x509_of(chain.front());
  ossl::check(SSL_CTX_use_certificate(context, leaf.get()), "use the probe's certificate");
  for (std::size_t i = 1; i < chain.size(); ++i) {
    require(SSL_CTX_add1_chain_cert(context, x509_of(chain[i]).get()), "use the probe's chain");
  }
  const SecretBytes pkcs8 = private_key.pkcs8_der();
  const std::uint8_t* at = pkcs8.reveal().data();
  const ossl::Key key{ossl::check(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())), "read the probe's key")};
  ossl::check(SSL_CTX_use_PrivateKey(context, key.get()), "use the probe's key");
}

// A four-octet number in network order.
void append_number(Bytes& to, std::uint32_t number) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) to.push_back(static_cast<std::uint8_t>(number >> shift));
}

// StartupMessage of protocol 3.0. No password follows, so nothing comes of it but an answer.
Bytes startup_message(std::string_view role, const std::string& database) {
  Bytes body;
  append_number(body, 196608);
  for (const std::string& text : {std::string{"user"}, std::string{role}, std::string{"database"}, database, std::string{}}) {
    body.insert(body.end(), text.begin(), text.end());
    body.push_back(0);
  }
  Bytes message;
  append_number(message, static_cast<std::uint32_t>(body.size() + 4));
  message.insert(message.end(), body.begin(), body.end());
  return message;
}

class Attempt final {
 public:
  Attempt(const Address& server, const Visitor& visitor, int version, Deadline deadline)
      : server_(server), visitor_(visitor), socket_(server, deadline) {
    context_.reset(ossl::check(SSL_CTX_new(TLS_client_method()), "make a TLS context"));
    require(SSL_CTX_set_min_proto_version(context_.get(), version), "choose a TLS version");
    require(SSL_CTX_set_max_proto_version(context_.get(), version), "choose a TLS version");
    SSL_CTX_set_cert_verify_callback(context_.get(), keep_certificates, &shown_);
    SSL_CTX_set_cert_cb(context_.get(), note_request, &shown_);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    if (visitor.chain != nullptr) use_credential(context_.get(), *visitor.chain, *visitor.key);
    tls_.reset(ossl::check(SSL_new(context_.get()), "make a TLS session"));
    incoming_ = ossl::check(BIO_new(BIO_s_mem()), "make a buffer");
    SSL_set0_rbio(tls_.get(), incoming_);  // owns it from here
    outgoing_ = ossl::check(BIO_new(BIO_s_mem()), "make a buffer");
    SSL_set0_wbio(tls_.get(), outgoing_);
    BIO_set_mem_eof_return(incoming_, -1);
    // libpq sends the name too, unless it is an address.
    if (server.host.find_first_not_of("0123456789.") != std::string::npos && server.host.find(':') == std::string::npos) {
      require(SSL_ctrl(tls_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(server.host.c_str())),
              "name the server");
    }
  }

  Handshake run() {
    shake();
    const STACK_OF(X509_NAME)* const issuers = SSL_get0_peer_CA_list(tls_.get());
    for (int i = 0; i < sk_X509_NAME_num(issuers); ++i) {
      shown_.issuers.push_back(der_of(i2d_X509_NAME, static_cast<const X509_NAME*>(sk_X509_NAME_value(issuers, i))));
    }
    return std::move(shown_);
  }

 private:
  void shake() {
    shown_.verdict = Handshake::Verdict::no_tls;
    Bytes request;
    append_number(request, 8);
    append_number(request, 80877103);  // SSLRequest
    socket_.send_all(request);
    const ByteView answer = socket_.receive();
    if (answer.empty()) unreachable(server_, "hung up before TLS");
    if (answer.size() != 1 || answer[0] != 'S') {
      shown_.why = answer[0] == 'N' ? "it has TLS switched off" : "it answers the request for TLS by an error";
      if (answer[0] != 'N') unreachable(server_, shown_.why);
      return;
    }
    const ossl::QuietErrors quiet;
    if (!go_on([this] { return SSL_connect(tls_.get()); })) return refused();
    // In TLS 1.3 our handshake is over before the server has looked at our certificate, and its alert is lost if it hangs up on
    // what we send meanwhile. It has a moment to speak first.
    if (visitor_.chain != nullptr && SSL_version(tls_.get()) == TLS1_3_VERSION) {
      static_cast<void>(socket_.says_something_by(std::chrono::steady_clock::now() + std::chrono::milliseconds{300}));
    }
    const Bytes startup = startup_message(visitor_.role, server_.database);
    if (!go_on([&] { return SSL_write(tls_.get(), startup.data(), static_cast<int>(startup.size())); })) return refused();
    const auto header = read_exactly(5);
    if (!header) return refused();
    shown_.verdict = Handshake::Verdict::passed;
    shown_.reply = static_cast<char>((*header)[0]);
    const std::size_t size =
        std::size_t{(*header)[1]} << 24 | std::size_t{(*header)[2]} << 16 | std::size_t{(*header)[3]} << 8 | (*header)[4];
    constexpr std::size_t kLongest = 65536;
    // What breaks off here is of no use; that the handshake was taken stays true.
    if (size >= 4 && size <= kLongest) shown_.reply_body = read_exactly(size - 4).value_or(Bytes{});
  }

  // Nothing if it was refused or cut off before.
  std::optional<Bytes> read_exactly(std::size_t size) {
    Bytes octets(size);
    for (std::size_t done = 0; done < size;) {
      std::size_t more = 0;
      if (!go_on([&] { return SSL_read_ex(tls_.get(), octets.data() + done, size - done, &more); })) return std::nullopt;
      done += more;
    }
    return octets;
  }

  // One step of TLS, with what it has to send and to read. False if it failed.
  template <class Step>
  bool go_on(Step&& step) {
    for (;;) {
      const int result = step();
      const int error = SSL_get_error(tls_.get(), result);
      std::array<std::uint8_t, 16384> octets{};
      for (int size = 0; (size = BIO_read(outgoing_, octets.data(), static_cast<int>(octets.size()))) > 0;) {
        socket_.send_all(ByteView{octets}.first(static_cast<std::size_t>(size)));
      }
      if (result > 0) return true;
      if (error != SSL_ERROR_WANT_READ) return false;
      const ByteView received = socket_.receive();
      if (received.empty()) {
        cut_off_ = true;
        return false;
      }
      ossl::check(BIO_write(incoming_, received.data(), static_cast<int>(received.size())), "keep what came");
    }
  }

  void refused() {
    shown_.verdict = Handshake::Verdict::refused;
    const unsigned long code = ERR_peek_last_error();
    const int reason = ERR_GET_REASON(code);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
      shown_.why = SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
      shown_.was_alert = true;
    } else if (cut_off_) {
      shown_.why = "the connection was cut without an alert";
    } else {
      const char* const text = ERR_reason_error_string(code);
      shown_.why = text != nullptr ? text : "no reason given";
    }
  }

  const Address& server_;
  const Visitor& visitor_;
  Socket socket_;
  Handshake shown_{};
  Context context_;
  Session tls_;
  BIO* incoming_ = nullptr;
  BIO* outgoing_ = nullptr;
  bool cut_off_ = false;
};

}  // namespace

Handshake shake_hands(const Address& server, const Visitor& visitor, Deadline deadline) {
  // TLS 1.2 first: there a server judges before the client's handshake ends, and its alert cannot be lost.
  Handshake seen = Attempt{server, visitor, TLS1_2_VERSION, deadline}.run();
  const bool another_version = seen.verdict == Handshake::Verdict::refused && seen.certificate.empty();
  if (another_version) seen = Attempt{server, visitor, TLS1_3_VERSION, deadline}.run();
  return seen;
}

Handshake shake_hands(const Address& server, const Credential* client, Deadline deadline) {
  const Visitor visitor{.chain = client != nullptr ? &client->chain() : nullptr,
                        .key = client != nullptr ? &client->key() : nullptr,
                        .role = kProbeRole};
  return shake_hands(server, visitor, deadline);
}

}  // namespace spaceca::publish
