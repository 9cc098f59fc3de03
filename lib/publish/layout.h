// What lies in a data directory for a publication:
//
// clang-format off
//   spaceca/belongs_to    which space and database the server is of
//   spaceca/current.conf  the settings in force, which name the files of one publication; postgresql.conf includes it
//   spaceca/proved.conf   the same as the server was last seen to serve it; for the way back
//   spaceca/12/           server.crt, server.key, root.crt, root.crl of publication 12
// clang-format on
//
// One rename, of current.conf, switches from one publication to the next. Everything is done as the owner.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <spaceca/file_set.h>
#include <spaceca/publisher.h>

#include "files/posix.h"
#include "publish/connection.h"
#include "publish/owner.h"

namespace spaceca::publish {

class Layout final {
 public:
  // `data_directory` without links; the rest is borrowed.
  Layout(const std::filesystem::path& data_directory, const ServedDatabase& where, const Owner& owner);

  // Errc::policy if it is another space's or another database's, naming it.
  void refuse_another() const;
  [[nodiscard]] bool is_there() const;
  void check_may_write() const;

  // The settings in force, and what they name.
  [[nodiscard]] std::optional<std::string> current() const;
  [[nodiscard]] std::optional<std::string> proved() const;
  // Those that name files of a folder of the data directory.
  [[nodiscard]] static std::string settings(const ServedDatabase& where, const std::string& folder);
  [[nodiscard]] static std::uint64_t number_in(std::string_view settings);  // 0 if it names none of ours
  [[nodiscard]] std::optional<std::string> file_of(std::string_view settings, const std::string& name) const;

  // Writers of one data directory take turns. Errc::busy after the deadline. Makes the folder and says whose it is.
  [[nodiscard]] files::Descriptor lock(Deadline deadline) const;
  // The files of a publication on the disk, and the settings that name them. What is in force and was proved is not touched; if
  // the very files are in force, those.
  [[nodiscard]] std::string write(std::uint64_t number, const FileSet& files) const;
  void put_current(std::string_view settings) const;
  void put_proved(std::string_view settings) const;
  void remove_current() const;
  // Folders that these settings do not name.
  void remove_others(std::string_view current, std::string_view previous) const;
  void remove_all() const;

  [[nodiscard]] std::filesystem::path current_path() const { return folder_ / "current.conf"; }

 private:
  [[nodiscard]] std::string settings_for(const std::string& folder) const { return settings(where_, "spaceca/" + folder); }
  [[nodiscard]] bool holds(const std::string& folder, const FileSet& files) const;
  void put(const std::string& name, std::string_view content) const;

  std::filesystem::path data_directory_;
  std::filesystem::path folder_;
  const ServedDatabase& where_;
  const Owner& owner_;
};

}  // namespace spaceca::publish
