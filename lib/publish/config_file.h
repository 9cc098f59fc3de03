// A configuration file of the server's, replaced by a rename that keeps its mode, owner and group.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "publish/owner.h"

namespace spaceca::publish {

// Errc::permission, naming the folder, if the owner may not make files there.
void check_may_write_into(const std::filesystem::path& folder, const Owner& owner);

class ConfigFile final {
 public:
  // `owner` is borrowed. Errc::not_found, permission, io.
  ConfigFile(const std::filesystem::path& file, const Owner& owner);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] const std::string& content() const noexcept { return content_; }

  // Errc::permission if a file in its place could not be given its owner and group.
  void check_replaceable() const;
  // Does nothing if that is the content already. The file that was there keeps a second name, until one of the next two. If
  // somebody else has changed it since it was read, his change stays: Errc::busy.
  void replace(std::string_view content);
  // The file that was there comes back. Errc::busy as above.
  void put_back();
  void keep() noexcept;

 private:
  void check_is_still(std::string_view content) const;
  [[nodiscard]] std::string name() const { return path_.filename().string(); }

  const Owner& owner_;
  std::filesystem::path path_;
  std::string content_;
  std::optional<std::string> written_;
  mode_t mode_ = 0;
  uid_t user_ = 0;
  gid_t group_ = 0;
};

}  // namespace spaceca::publish
