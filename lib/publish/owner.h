// The owner of a data directory, and acting as him: what is written for a server is then its owner's from birth, and nothing that
// the owner has put in the way (a link, a name in a setting) reaches further than he does himself.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace spaceca::publish {

class Owner final {
 public:
  // Of that folder. Errc::not_found; permission if this process is neither he nor root.
  explicit Owner(const std::filesystem::path& folder);

  [[nodiscard]] uid_t user() const noexcept { return user_; }
  [[nodiscard]] gid_t group() const noexcept { return group_; }
  [[nodiscard]] const std::vector<gid_t>& groups() const noexcept { return groups_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }  // or his number

 private:
  uid_t user_;
  gid_t group_;  // the folder's
  std::vector<gid_t> groups_;
  std::string name_;
};

// While it lives, the thread that made it has the owner's identity towards the kernel, and no other thread has. Root stays the real
// and the saved user, so the way back is always open. As root it makes the process undumpable, as every change of identity does.
class Acting final {
 public:
  explicit Acting(const Owner& owner);
  Acting(const Acting&) = delete;
  Acting& operator=(const Acting&) = delete;
  ~Acting();

 private:
  bool changed_ = false;
  gid_t group_before_ = 0;
  std::vector<gid_t> groups_before_;
};

}  // namespace spaceca::publish
