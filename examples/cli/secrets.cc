#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "environment.h"
#include "failure.h"
#include "output.h"
#include "secrets.h"

using namespace spaceca;

namespace {

constexpr std::size_t kLargestSecret = 65536;

// An open file, closed at the end unless it was open before us.
class Source final {
 public:
  explicit Source(int descriptor) noexcept : descriptor_(descriptor) {}
  explicit Source(const std::string& file) : descriptor_(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)), owned_(true) {
    if (descriptor_ >= 0) return;
    const Errc code = errno == ENOENT ? Errc::not_found : errno == EACCES ? Errc::permission : Errc::io;
    throw Error{code, fmt::format("file \"{}\": {}", file, std::strerror(errno))};
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    if (owned_) close(descriptor_);
  }

  // No buffer of the C library's in between: it would keep a copy.
  [[nodiscard]] SecretBytes read_all(const std::string& name) const {
    SecretBuffer octets;
    std::array<std::uint8_t, 4096> piece{};
    for (;;) {
      const ssize_t size = read(descriptor_, piece.data(), piece.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) throw Error{Errc::io, fmt::format("{}: {}", name, std::strerror(errno))};
      if (size == 0) break;
      octets.insert(octets.end(), piece.begin(), piece.begin() + size);
      wipe(piece.data(), piece.size());
      if (octets.size() > kLargestSecret) {
        throw Error{Errc::malformed, fmt::format("{}: is larger than {} octets; is it the right one?", name, kLargestSecret)};
      }
    }
    return SecretBytes{std::move(octets)};
  }

 private:
  int descriptor_;
  bool owned_ = false;
};

SecretBytes without_line_end(const SecretBytes& secret) {
  std::string_view text = text_of(secret.reveal());
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return SecretBytes{text};
}

// --- the terminal ---

volatile sig_atomic_t interrupted = 0;  // the one thing that a signal's handler may write to
void note_signal(int number) { interrupted = number; }

// Does not show what is typed until it goes, also if a signal ends the program meanwhile.
class Hush final {
 public:
  explicit Hush(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) != 0) throw Error{Errc::io, fmt::format("terminal: {}", std::strerror(errno))};
    struct sigaction action {};
    action.sa_handler = note_signal;  // without SA_RESTART, so that read() comes back
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals.at(i), &action, &actions_.at(i));
    termios hushed = before_;
    hushed.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    hushed.c_lflag |= ECHONL;
    tcsetattr(terminal_, TCSAFLUSH, &hushed);
  }
  Hush(const Hush&) = delete;
  Hush& operator=(const Hush&) = delete;
  ~Hush() {
    tcsetattr(terminal_, TCSAFLUSH, &before_);
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals.at(i), &actions_.at(i), nullptr);
    if (interrupted != 0) raise(interrupted);
  }

 private:
  static constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  int terminal_;
  termios before_{};
  std::array<struct sigaction, 4> actions_{};
};

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(descriptor, text.data(), text.size());
    if (size <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

Failure no_terminal() {
  return Failure{Exit::usage, "passphrase_missing", "no passphrase was given, and there is no terminal to ask at",
                 hint_of(Errc::passphrase_missing)};
}

SecretBytes ask_twice() {
  SecretBytes first = ask_secret("New passphrase: ");
  const SecretBytes second = ask_secret("The same again: ");
  if (text_of(first.reveal()) != text_of(second.reveal())) {
    throw Failure{Exit::failed, "mismatch", "the two passphrases differ"};
  }
  return first;
}

// --- what opens the vault ---

Passphrase passphrase(SecretBytes octets, const std::string& from) {
  if (octets.empty()) throw Failure{Exit::failed, "malformed", fmt::format("the passphrase from {} is empty", from)};
  return Passphrase{std::move(octets)};
}

SecretBytes read_descriptor(const std::string& number) {
  int descriptor = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), descriptor);
  if (error != std::errc{} || end != number.data() + number.size() || descriptor < 0) {
    throw Failure{Exit::usage, "invalid_argument", fmt::format("--passphrase-fd \"{}\": is no file descriptor's number", number)};
  }
  return without_line_end(Source{descriptor}.read_all("--passphrase-fd " + number));
}

// What flags say, or the environment where no flag says anything; nothing if nobody does.
std::optional<VaultKey> given_key(const Arguments& arguments) {
  const int flags = (arguments.key_file.empty() ? 0 : 1) + (arguments.passphrase_file.empty() ? 0 : 1) +
                    (arguments.passphrase_fd.empty() ? 0 : 1);
  if (flags > 1) {
    throw Failure{Exit::usage, "invalid_argument",
                  "--key-file, --passphrase-file and --passphrase-fd: one of them opens the store"};
  }
  if (!arguments.passphrase_fd.empty()) return passphrase(read_descriptor(arguments.passphrase_fd), "--passphrase-fd");
  const std::string key_file = flags > 0 ? arguments.key_file : environment("SPACECA_KEY_FILE");
  if (!key_file.empty()) return KeyFile{key_file};
  const std::string file = flags > 0 ? arguments.passphrase_file : environment("SPACECA_PASSPHRASE_FILE");
  if (!file.empty()) return passphrase(read_secret_line(file), fmt::format("\"{}\"", file));
  return std::nullopt;
}

// Makes the key file unless it is there.
NewKey with_key_file(VaultKey key) {
  const KeyFile* const file = std::get_if<KeyFile>(&key);
  const bool is_made = file != nullptr && !std::filesystem::exists(file->path);
  if (is_made) create_key_file(file->path);
  return {std::move(key), is_made};
}

}  // namespace

SecretBytes read_secret(const std::string& file) {
  if (file == "-") return Source{STDIN_FILENO}.read_all("standard input");
  return Source{file}.read_all(fmt::format("file \"{}\"", file));
}

SecretBytes read_secret_line(const std::string& file) { return without_line_end(read_secret(file)); }

bool has_terminal() { return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1; }

SecretBytes ask_secret(const std::string& question) {
  const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0) throw no_terminal();
  SecretBuffer typed;
  {
    interrupted = 0;
    const Hush hush{terminal};
    write_all(terminal, question);
    for (std::uint8_t c = 0; interrupted == 0 && read(terminal, &c, 1) == 1 && c != '\n';) typed.push_back(c);
  }
  close(terminal);
  return SecretBytes{std::move(typed)};
}

VaultKey vault_key(const Arguments& arguments) {
  if (auto key = given_key(arguments)) return std::move(*key);
  return passphrase(ask_secret("Passphrase: "), "the terminal");
}

void NewKey::take_back() const {
  if (file_is_made) std::filesystem::remove(std::get<KeyFile>(key).path);
}

NewKey new_vault_key(const Arguments& arguments) {
  if (auto key = given_key(arguments)) return with_key_file(std::move(*key));
  return {passphrase(ask_twice(), "the terminal")};
}

NewKey fresh_vault_key(const Arguments& arguments) {
  if (!arguments.new_key_file.empty() && !arguments.new_passphrase_file.empty()) {
    throw Failure{Exit::usage, "invalid_argument", "--new-key-file and --new-passphrase-file: one of them is the new one"};
  }
  if (!arguments.new_key_file.empty()) return with_key_file(KeyFile{arguments.new_key_file});
  if (!arguments.new_passphrase_file.empty()) {
    return {passphrase(read_secret_line(arguments.new_passphrase_file), fmt::format("\"{}\"", arguments.new_passphrase_file))};
  }
  return {passphrase(ask_twice(), "the terminal")};
}

DatabaseUrl database_url(const Arguments& arguments) {
  if (arguments.url.empty() == arguments.url_file.empty()) {
    throw Failure{Exit::usage, "invalid_argument", "the database's URL: give --url-file FILE, or - for the standard input"};
  }
  if (!arguments.url_file.empty()) return DatabaseUrl{read_secret(arguments.url_file)};
  DatabaseUrl url{SecretBytes{arguments.url}};
  // "password" also as a parameter, and "sslpassword", which it ends with.
  if (url.has_password() || arguments.url.find("password=") != std::string::npos) {
    throw Failure{Exit::usage, "policy", "--url: holds a password, which every user of this machine can read on a command line",
                  "put the URL into a file for --url-file, or give --url-file - and write it to the standard input"};
  }
  return url;
}

SecretBytes admin_url(const Arguments& arguments) {
  if (arguments.admin_url_file.empty()) return {};
  if (arguments.admin_url_file == "-" && arguments.url_file == "-") {
    throw Failure{Exit::usage, "invalid_argument", "--url-file and --admin-url-file: one of them can be the standard input"};
  }
  return read_secret_line(arguments.admin_url_file);
}

void refuse_another_name(const Arguments& arguments, const std::string& name) {
  if (arguments.confirm.empty() || arguments.confirm == name) return;
  throw Failure{Exit::failed, "unconfirmed",
                fmt::format("--confirm says \"{}\", and this is about \"{}\"", arguments.confirm, name),
                fmt::format("--confirm {}", name)};
}

void confirm(const Arguments& arguments, const std::string& name, const std::string& warning) {
  refuse_another_name(arguments, name);
  if (!arguments.confirm.empty()) return;
  if (!has_terminal()) {
    throw Failure{Exit::failed, "unconfirmed", fmt::format("{}; nothing was done", warning), fmt::format("--confirm {}", name)};
  }
  print_aside(fmt::format("{}\nType {} to go on: ", warning, name));
  std::string typed;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) typed += static_cast<char>(c);
  if (typed != name) throw Failure{Exit::failed, "unconfirmed", "that is another name; nothing was done"};
}
