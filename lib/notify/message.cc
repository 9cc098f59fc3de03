#include <array>
#include <utility>

#include <fmt/format.h>

#include <spaceca/notifier.h>

namespace spaceca {
namespace {

constexpr std::array kKinds{
    std::pair{NoticeKind::renewed, std::string_view{"renewed"}},
    std::pair{NoticeKind::awaiting_request, std::string_view{"awaiting_request"}},
    std::pair{NoticeKind::downloaded, std::string_view{"downloaded"}},
    std::pair{NoticeKind::roots_changed, std::string_view{"roots_changed"}},
};

std::string download_command(const Notice& notice) {
  return fmt::format("    spaceca data:mtls:certificates:download {} --id {} --prefix new_ --dir . -a {}\n", notice.database.text(),
                     notice.certificate.text(), notice.app.text());
}

std::string about(const Notice& notice) {
  return fmt::format(
      "database     {}\napp          {}\nspace        {}\nrole         {}\ncertificate  {}\nserial       {}\nends         {} UTC\n",
      notice.database.text(), notice.app.text(), notice.space.text(), notice.role.text(), notice.certificate.text(),
      notice.serial.hex(), text_of(notice.not_after));
}

Message renewed(const Notice& notice) {
  const std::string ends = notice.predecessor_ends ? text_of(*notice.predecessor_ends) : std::string{"its end"};
  return {fmt::format("A new client certificate for {} is ready", notice.database.text()),
          fmt::format("The client certificate {} of {} ends {} UTC. A new one is ready; until then both are good.\n\n"
                      "Fetch it, and have your clients use it before that day:\n\n{}\n{}",
                      notice.predecessor ? notice.predecessor->text() : "before it", notice.database.text(), ends,
                      download_command(notice), about(notice))};
}

Message awaiting_request(const Notice& notice) {
  return {fmt::format("A client certificate for {} needs a new request", notice.database.text()),
          fmt::format(
              "The client certificate {} of {} ends {} UTC. Its key is not kept here and was certified twice, so a new one cannot "
              "be made without you.\n\nMake a new key and a certificate request, and hand that in before that day:\n\n"
              "    spaceca data:mtls:certificates:renew {} --id {} --csr REQUEST.pem -a {}\n\n{}",
              notice.certificate.text(), notice.database.text(), text_of(notice.not_after), notice.database.text(),
              notice.certificate.text(), notice.app.text(), about(notice))};
}

Message downloaded(const Notice& notice) {
  return {fmt::format("A client key for {} was downloaded", notice.database.text()),
          fmt::format("The private key of the client certificate {} of {} was downloaded. If that was not you or one of yours, "
                      "revoke it.\n\n{}",
                      notice.certificate.text(), notice.database.text(), about(notice))};
}

Message roots_changed(const Notice& notice) {
  return {
      fmt::format("The trusted roots of {} change", notice.space.text()),
      fmt::format("The space {} gets a new root certificate. Your copy of root.crt for {} does not hold it yet; once the server's "
                  "certificate is of that root, clients without it cannot verify the server.\n\nFetch the files again:\n\n{}\n{}",
                  notice.space.text(), notice.database.text(), download_command(notice), about(notice))};
}

}  // namespace

Notifier::~Notifier() = default;

std::string_view text_of(NoticeKind kind) {
  for (const auto& [value, word] : kKinds) {
    if (value == kind) return word;
  }
  return {};
}

Message message_of(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::renewed: return renewed(notice);
    case NoticeKind::awaiting_request: return awaiting_request(notice);
    case NoticeKind::downloaded: return downloaded(notice);
    case NoticeKind::roots_changed: break;
  }
  return roots_changed(notice);
}

}  // namespace spaceca
