#include <spaceca/file_set.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include <spaceca/error.h>

#include "base/printable.h"

namespace spaceca {

FileSet FileSet::under(std::string_view folder) && {
  for (File& file : files_) file.name = fmt::format("{}/{}", folder, file.name);
  return std::move(*this);
}

FileSet operator+(FileSet a, FileSet b) {
  std::move(b.files_.begin(), b.files_.end(), std::back_inserter(a.files_));
  return a;
}

const File& FileSet::at(std::string_view name) const {
  const auto found = std::find_if(files_.begin(), files_.end(), [name](const File& file) { return file.name == name; });
  if (found == files_.end()) throw Error{Errc::not_found, fmt::format("file set: has no file \"{}\"", printable(name))};
  return *found;
}

}  // namespace spaceca
