#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>

#include <spaceca/error.h>
#include <spaceca/files.h>

#include "bundle_files.h"
#include "environment.h"
#include "output.h"
#include "secrets.h"

using namespace spaceca;

namespace {

struct FormatRow {
  Format format;
  std::string_view word;
  std::vector<std::string_view> with_key;  // names of its files
  std::vector<std::string_view> without;
};

const std::array<FormatRow, 7>& format_table() {
  static const std::array<FormatRow, 7> kRows = {{
      {Format::libpq,
       "libpq",
       {exporter::kCertificatesName, exporter::kKeyName, exporter::kRootsName},
       {exporter::kCertificatesName, exporter::kRootsName}},
      {Format::jdbc, "jdbc", {exporter::kPk8Name}, {}},
      {Format::pkcs12, "pkcs12", {exporter::kPkcs12Name, kPkcs12PasswordName}, {}},
      {Format::env, "env", {"postgresql.env"}, {"postgresql.env"}},
      {Format::service, "service", {"pg_service.conf"}, {"pg_service.conf"}},
      {Format::uri, "uri", {"postgresql.uri"}, {"postgresql.uri"}},
      {Format::k8s, "k8s", {"secret.yaml"}, {}},
  }};
  return kRows;
}

const FormatRow& row_of(Format format) {
  return *std::find_if(format_table().begin(), format_table().end(),
                       [format](const FormatRow& row) { return row.format == format; });
}

Format format_of(const std::string& word) {
  std::vector<std::string> words;
  for (const FormatRow& row : format_table()) {
    if (row.word == word) return row.format;
    words.emplace_back(row.word);
  }
  throw Error{Errc::invalid_argument, fmt::format("format \"{}\": is none of {}", word, joined(words))};
}

bool has(const std::vector<Format>& formats, Format format) {
  return std::find(formats.begin(), formats.end(), format) != formats.end();
}

std::filesystem::path libpq_folder() {
  const std::string home = environment("HOME");
  if (!home.starts_with('/')) {
    throw Error{Errc::invalid_argument, "folder: HOME does not say where ~/.postgresql is; give --dir"};
  }
  return std::filesystem::path{home} / ".postgresql";
}

// 26 characters of 5 random bits: 130 bits.
SecretBytes random_password() {
  constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  std::random_device random;
  SecretBuffer characters;
  for (int i = 0; i < 26; ++i) characters.push_back(static_cast<std::uint8_t>(kAlphabet[random() % kAlphabet.size()]));
  return SecretBytes{std::move(characters)};
}

// A text that is no secret.
FileSet text_file(std::string name, const std::string& text) {
  FileSet set;
  set.add({std::move(name), FileRole::trust, SecretBytes{text}});
  return set;
}

FileSet pkcs12_files(const BundlePlan& plan, const Credential& credential) {
  if (!plan.pkcs12_password.empty()) return exporter::pkcs12(credential, plan.pkcs12_password, plan.prefix);
  SecretBytes password = random_password();
  FileSet set = exporter::pkcs12(credential, password, plan.prefix);
  set.add({fmt::format("{}{}", plan.prefix, kPkcs12PasswordName), FileRole::other, std::move(password)});
  return set;
}

FileSet text_files(const BundlePlan& plan, const exporter::Connection& connection, const std::string& name) {
  FileSet set;
  if (has(plan.formats, Format::env)) {
    set = std::move(set) + text_file(plan.prefix + "postgresql.env", exporter::environment(connection));
  }
  if (has(plan.formats, Format::service)) {
    set = std::move(set) + text_file(plan.prefix + "pg_service.conf", exporter::service(connection, name));
  }
  if (has(plan.formats, Format::uri)) {
    set = std::move(set) + text_file(plan.prefix + "postgresql.uri", exporter::libpq_uri(connection) + "\n");
  }
  return set;
}

FileSet files_of(const BundlePlan& plan, Bundle bundle, const exporter::Connection& connection) {
  const std::string name = bundle.record.database.text();
  FileSet set = text_files(plan, connection, name);
  if (!plan.with_key) {
    if (!has(plan.formats, Format::libpq)) return set;
    return std::move(set) + exporter::libpq(bundle.chain, bundle.roots, plan.prefix);
  }
  const Credential credential = std::move(bundle).credential();
  if (has(plan.formats, Format::libpq)) set = std::move(set) + exporter::libpq(credential, plan.prefix);
  if (has(plan.formats, Format::jdbc)) set = std::move(set) + exporter::jdbc(credential, plan.prefix);
  if (has(plan.formats, Format::pkcs12)) set = std::move(set) + pkcs12_files(plan, credential);
  if (has(plan.formats, Format::k8s)) set = std::move(set) + exporter::kubernetes(credential, name, plan.prefix);
  return set;
}

void refuse_keyless(const BundlePlan& plan, const std::vector<std::string>& asked) {
  for (const Format format : plan.formats) {
    const FormatRow& row = row_of(format);
    if (plan.with_key || !row.without.empty() || asked.empty()) continue;
    throw Error{Errc::key_not_kept,
                fmt::format("format {}: holds the private key, which is not here; libpq, env, service and uri can be "
                            "written without it",
                            row.word)};
  }
}

void refuse_existing(const BundlePlan& plan) {
  if (plan.force) return;
  for (const Format format : plan.formats) {
    const FormatRow& row = row_of(format);
    for (const std::string_view name : plan.with_key ? row.with_key : row.without) {
      if (name.ends_with(".pass") && !plan.pkcs12_password.empty()) continue;  // known already, and not written
      const auto file = plan.folder / fmt::format("{}{}", plan.prefix, name);
      std::error_code ignored;
      if (!std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) continue;
      throw Error{Errc::exists,
                  fmt::format("file \"{}\": exists already; choose another prefix or folder, or give --force", file.string())};
    }
  }
}

}  // namespace

std::vector<Format> formats_of(const std::vector<std::string>& words) {
  if (words.empty()) return {Format::libpq, Format::jdbc};
  std::vector<Format> formats;
  for (const std::string& several : words) {
    for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
      end = several.find(',', begin);
      const Format format = format_of(several.substr(begin, end == std::string::npos ? end : end - begin));
      if (!has(formats, format)) formats.push_back(format);
    }
  }
  return formats;
}

bool goes_everywhere(const std::filesystem::path& folder, const std::string& prefix) {
  std::error_code ignored;
  return prefix.empty() && !environment("HOME").empty() &&
         std::filesystem::weakly_canonical(folder, ignored) == std::filesystem::weakly_canonical(libpq_folder(), ignored);
}

BundlePlan plan_of(const Arguments& arguments, bool with_key) {
  BundlePlan plan{.folder = arguments.dir.empty() ? libpq_folder() : std::filesystem::path{arguments.dir},
                  .prefix = arguments.prefix,
                  .formats = formats_of(arguments.formats),
                  .with_key = with_key,
                  .force = arguments.force,
                  .pkcs12_password = {}};
  if (plan.prefix.find('/') != std::string::npos) {
    throw Error{Errc::invalid_argument, fmt::format("prefix \"{}\": may not hold a slash; the folder goes to --dir", plan.prefix)};
  }
  if (!arguments.pkcs12_password_file.empty()) plan.pkcs12_password = read_secret_line(arguments.pkcs12_password_file);
  refuse_keyless(plan, arguments.formats);
  refuse_existing(plan);
  return plan;
}

bool holds_key(const BundlePlan& plan) {
  return std::any_of(plan.formats.begin(), plan.formats.end(),
                     [](Format format) { return row_of(format).with_key.size() > row_of(format).without.size(); });
}

bool is_certified(const DatabaseUrl& url, const std::vector<HostName>& hosts) {
  return std::any_of(hosts.begin(), hosts.end(), [&url](const HostName& host) {
    try {
      return host == HostName{url.host()};
    } catch (const Error&) {
      return false;  // a host of the URL that no certificate can bear
    }
  });
}

exporter::Connection connection_of(const BundlePlan& plan, const DatabaseRecord& database, const DatabaseUrl& url,
                                   const CertificateRecord& certificate) {
  return {.host = url.host(),
          .port = url.port(),
          .database = url.database(),
          .user = certificate.role ? certificate.role->text() : url.user(),
          .sslmode = is_certified(url, database.hosts) ? exporter::SslMode::verify_full : exporter::SslMode::verify_ca,
          .folder = std::filesystem::absolute(plan.folder).lexically_normal().string(),
          .prefix = plan.prefix};
}

void write(const BundlePlan& plan, Bundle bundle, const exporter::Connection& connection) {
  files::write(plan.folder, files_of(plan, std::move(bundle), connection),
               plan.force ? files::Existing::replace : files::Existing::refuse);
}

std::string lines_for(const BundlePlan& plan, const exporter::Connection& connection, const DatabaseUrl& url,
                      const std::string& url_command) {
  const auto file = [&connection](const char* name) {
    return shell_word((std::filesystem::path{connection.folder} / (connection.prefix + name)).string());
  };
  std::string text;
  if (has(plan.formats, Format::libpq)) {
    // The URL logs in as its own user; for another role it is no use.
    const char joint = text_of(url.text().reveal()).find('?') == std::string_view::npos ? '?' : '&';
    const std::string mode = connection.sslmode == exporter::SslMode::verify_full ? "verify-full" : "verify-ca";
    const bool own = connection.user == url.user();
    if (own) text += fmt::format("export DATABASE_URL=`{}`\n", url_command);
    text += fmt::format("export PGSSLCERT={} PGSSLKEY={} PGSSLROOTCERT={}\n", file("postgresql.crt"), file("postgresql.key"),
                        file("root.crt"));
    text += own ? fmt::format("psql \"${{DATABASE_URL}}{}sslmode={}\"\n", joint, mode)
                : fmt::format("psql {}\n", shell_word(exporter::libpq_uri(connection)));
  }
  if (has(plan.formats, Format::jdbc)) {
    text += exporter::jdbc_url(connection, exporter::JdbcKey::pk8) + "\n";
  } else if (has(plan.formats, Format::pkcs12)) {
    text += exporter::jdbc_url(connection, exporter::JdbcKey::pkcs12) + "\n";
  }
  return text;
}
