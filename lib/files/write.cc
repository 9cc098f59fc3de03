#include <spaceca/files.h>

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "files/folder.h"

namespace spaceca::files {
namespace {

// Beside its place a file has a known name, so that the next writer of the set finds what a power cut left; the folder's lock keeps
// writers apart.
constexpr std::string_view kNew = ".spaceca-new";
constexpr std::string_view kOld = ".spaceca-old";
// In place of kOld where that is taken: a writer who could not put the older file back left it there, and it is nowhere else.
constexpr std::string_view kOlder = ".spaceca-older";

struct Place {
  std::string folder;  // within the set; empty for the set's own
  std::string name;
};

Place place_of(const File& file) {
  const auto refuse = [&file](std::string_view why) {
    throw Error{Errc::invalid_argument, fmt::format("file \"{}\": {}", printable(file.name), why)};
  };
  const auto slash = file.name.find('/');
  Place place = slash == std::string::npos ? Place{"", file.name} : Place{file.name.substr(0, slash), file.name.substr(slash + 1)};
  if (place.name.find('/') != std::string::npos) refuse("is more than one folder deep");
  if (file.name.find('\0') != std::string::npos) refuse("has a NUL in its name");
  if (slash == 0 || place.name.empty()) refuse("has no name, or none for its folder");
  for (const std::string& part : {place.folder, place.name}) {
    if (part == "." || part == "..") refuse("leads out of its folder");
  }
  if (place.name.ends_with(kNew) || place.name.ends_with(kOld) || place.name.ends_with(kOlder)) {
    refuse("has an ending that the writer uses for itself");
  }
  return place;
}

// "postgresql" of "postgresql.key": a key and its certificate have it in common.
std::string_view stem_of(std::string_view name) { return name.substr(0, name.rfind('.')); }

mode_t mode_of(FileRole role) { return role == FileRole::trust || role == FileRole::certificate ? 0644 : 0600; }

// "link" of "link/" and "link/.": with those the system would follow a symbolic link.
std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && (path.ends_with('/') || path.ends_with("/."))) path.pop_back();
  return path;
}

// One set on its way to its place. Until it is kept, its going undoes everything.
class Transaction final {
 public:
  explicit Transaction(std::filesystem::path root) : root_(std::move(root)) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  void add(const File& file);
  void open_folders();
  void look_at_what_is_there(Existing existing);
  void write_beside();
  void put_in_place();
  void keep();

 private:
  void sort_by_turn();

  enum class State { planned, beside, in_place };
  struct Item {
    const File* file;
    Place place;
    const Folder* folder = nullptr;
    bool replaces = false;
    State state = State::planned;
    std::string kept = {};  // the second name of what it replaces, once that has one
    std::tuple<FileRole, std::ptrdiff_t, FileRole> turn = {};
    [[nodiscard]] std::string beside(std::string_view ending = kNew) const { return fmt::format(".{}{}", place.name, ending); }
  };

  std::filesystem::path root_;
  MadeFolders made_;
  std::optional<Folder> base_;             // the set's own
  std::map<std::string, Folder> folders_;  // those with files; sorted: every writer locks in the same order
  std::vector<std::string> made_below_;    // which of them were made
  std::vector<Item> items_;
};

Transaction::~Transaction() {
  for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
    if (item->state == State::beside) item->folder->remove_if_there(item->beside());
    if (item->state == State::in_place && !item->replaces) item->folder->remove_if_there(item->place.name);
    // Put back; if that fails too, the older file at least stays under its second name.
    const bool must_go_back = item->state == State::in_place && item->replaces;
    const bool kept_is_needed = must_go_back && !item->folder->rename_back(item->kept, item->place.name);
    if (!item->kept.empty() && !kept_is_needed) item->folder->remove_if_there(item->kept);
  }
  for (const std::string& name : made_below_) base_->remove_below(name);
}

void Transaction::add(const File& file) {
  const Place place = place_of(file);
  for (const Item& other : items_) {
    if (other.place.folder == place.folder && other.place.name == place.name) {
      throw Error{Errc::invalid_argument, fmt::format("file \"{}\": is in the set twice", printable(file.name))};
    }
  }
  items_.push_back({.file = &file, .place = place});
}

void Transaction::open_folders() {
  made_.make(root_);
  base_.emplace(root_);  // refuses a link here even if all files go into folders below
  for (Item& item : items_) {
    const std::string& name = item.place.folder;
    auto found = folders_.find(name);
    if (found == folders_.end()) {
      if (!name.empty() && base_->make_below(name)) made_below_.push_back(name);
      found = folders_.emplace(name, base_->below(name)).first;
    }
    item.folder = &found->second;
  }
  for (auto& [name, folder] : folders_) folder.lock();
}

void Transaction::look_at_what_is_there(Existing existing) {
  for (Item& item : items_) {
    const auto refuse = [&item](std::string_view why) {
      throw Error{Errc::exists, fmt::format("file \"{}\": {}", printable(item.folder->path_of(item.place.name)), why)};
    };
    switch (item.folder->kind_of(item.place.name)) {
      case Folder::Kind::nothing: break;
      case Folder::Kind::other: refuse("is there and is no regular file; take it away or choose another place"); break;
      case Folder::Kind::regular:
        if (existing == Existing::refuse) refuse("exists already; choose another prefix or folder, or say that it may be replaced");
        item.replaces = true;
        break;
    }
  }
}

void Transaction::write_beside() {
  for (Item& item : items_) {
    item.folder->remove_if_there(item.beside());
    item.state = State::beside;
    item.folder->create(item.beside(), mode_of(item.file->role), text_of(item.file->octets.reveal()));
  }
  for (Item& item : items_) {
    if (!item.replaces) continue;
    std::string kept = item.beside(kOld);
    if (item.folder->kind_of(kept) != Folder::Kind::nothing) {
      kept = item.beside(kOlder);
      item.folder->remove_if_there(kept);
    }
    item.folder->link(item.place.name, kept);
    item.kept = std::move(kept);
  }
}

// Trust, then what stands alone, then each certificate right behind its keys, which have its folder and its name up to the last
// dot.
void Transaction::sort_by_turn() {
  const auto first_of_its_name = [this](const Item& item) {
    return std::find_if(items_.begin(), items_.end(),
                        [&item](const Item& other) {
                          return other.place.folder == item.place.folder && stem_of(other.place.name) == stem_of(item.place.name);
                        }) -
           items_.begin();
  };
  for (Item& item : items_) {
    const bool in_a_pair = item.file->role == FileRole::key || item.file->role == FileRole::certificate;
    item.turn = {in_a_pair ? FileRole::key : item.file->role, in_a_pair ? first_of_its_name(item) : 0, item.file->role};
  }
  std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.turn < b.turn; });
}

void Transaction::put_in_place() {
  sort_by_turn();
  for (Item& item : items_) {
    if (item.replaces) {
      item.folder->rename_over(item.beside(), item.place.name);
    } else {
      item.folder->rename_unless_there(item.beside(), item.place.name);
    }
    item.state = State::in_place;
  }
  for (auto& [name, folder] : folders_) folder.sync();
}

void Transaction::keep() {
  if (!made_below_.empty()) base_->sync();
  made_.keep();
  made_below_.clear();
  for (const Item& item : items_) {
    if (!item.replaces) continue;
    for (const std::string_view ending : {kOld, kOlder}) item.folder->remove_if_there(item.beside(ending));
  }
  items_.clear();
}

}  // namespace

void write(const std::filesystem::path& folder, const FileSet& set, Existing existing) {
  if (folder.empty()) throw Error{Errc::invalid_argument, "file set: the folder to write to has no name"};
  if (set.files().empty()) throw Error{Errc::invalid_argument, "file set: is empty"};
  Transaction transaction{without_trailing_slashes(folder.string())};
  for (const File& file : set.files()) transaction.add(file);
  transaction.open_folders();
  transaction.look_at_what_is_there(existing);
  transaction.write_beside();
  transaction.put_in_place();
  transaction.keep();
}

}  // namespace spaceca::files
