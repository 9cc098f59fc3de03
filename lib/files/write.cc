#include <spaceca/files.h>

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"
#include "files/folder.h"

namespace spaceca::files {
namespace {

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
  return place;
}

mode_t mode_of(FileRole role) { return role == FileRole::trust || role == FileRole::certificate ? 0644 : 0600; }

// One set on its way to its place. Until it is kept, its going undoes everything.
class Transaction final {
 public:
  explicit Transaction(const std::filesystem::path& root) : root_(root) {}
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
  enum class State { planned, beside, in_place };
  struct Item {
    const File* file;
    Place place;
    Folder* folder = nullptr;
    bool replaces = false;
    State state = State::planned;
    // Known names, so that the next writer of this set finds what a power cut left; the folder's lock keeps writers apart.
    [[nodiscard]] std::string beside() const { return fmt::format(".{}.spaceca-new", place.name); }
    [[nodiscard]] std::string kept() const { return fmt::format(".{}.spaceca-old", place.name); }
  };

  std::filesystem::path root_;
  MadeFolders made_;
  std::map<std::string, Folder> folders_;  // sorted: every writer locks in the same order
  std::vector<Item> items_;
};

Transaction::~Transaction() {
  for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
    if (item->state == State::beside) item->folder->remove_if_there(item->beside());
    if (item->state == State::in_place && !item->replaces) item->folder->remove_if_there(item->place.name);
    if (item->state == State::in_place && item->replaces) item->folder->rename_back(item->kept(), item->place.name);
    if (item->replaces) item->folder->remove_if_there(item->kept());
  }
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
  const Folder root{root_};  // refuses a link here even if all files go into folders below
  for (Item& item : items_) {
    auto found = folders_.find(item.place.folder);
    if (found == folders_.end()) {
      const auto path = item.place.folder.empty() ? root_ : root_ / item.place.folder;
      made_.make(path);
      found = folders_.emplace(item.place.folder, Folder{path}).first;
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
  for (const Item& item : items_) {
    if (!item.replaces) continue;
    item.folder->remove_if_there(item.kept());
    item.folder->link(item.place.name, item.kept());
  }
}

void Transaction::put_in_place() {
  std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.file->role < b.file->role; });
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
  made_.keep();
  for (const Item& item : items_) {
    if (item.replaces) item.folder->remove_if_there(item.kept());
  }
  items_.clear();
}

}  // namespace

void write(const std::filesystem::path& folder, const FileSet& set, Existing existing) {
  if (folder.empty()) throw Error{Errc::invalid_argument, "file set: the folder to write to has no name"};
  if (set.files().empty()) throw Error{Errc::invalid_argument, "file set: is empty"};
  Transaction transaction{folder};
  for (const File& file : set.files()) transaction.add(file);
  transaction.open_folders();
  transaction.look_at_what_is_there(existing);
  transaction.write_beside();
  transaction.put_in_place();
  transaction.keep();
}

}  // namespace spaceca::files
