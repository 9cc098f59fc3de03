#include <system_error>
#include <utility>

#include <spaceca/error.h>
#include <spaceca/files.h>
#include <spaceca/notifier.h>

namespace spaceca {
namespace {

class FolderNotifier final : public Notifier {
 public:
  explicit FolderNotifier(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void deliver(const Notice& notice) override {
    const Message message = message_of(notice);
    std::string text;
    for (const std::string& contact : notice.contacts) text += "To: " + contact + '\n';
    text += "Subject: " + message.subject + "\n\n" + message.text;
    FileSet set;
    set.add({.name = notice.id + ".txt", .role = FileRole::other, .octets = SecretBytes{text}});
    files::write(folder_, set, files::Existing::replace);
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<Notifier> folder_notifier(const std::filesystem::path& folder) {
  // The writer follows no link, so one that leads there is followed once, here.
  std::error_code error;
  std::filesystem::path real = std::filesystem::canonical(folder, error);
  if (error || !std::filesystem::is_directory(real, error)) {
    throw Error{Errc::not_found, "folder of notices \"" + folder.string() + "\": is not there, or is no folder"};
  }
  return std::make_unique<FolderNotifier>(std::move(real));
}

}  // namespace spaceca
