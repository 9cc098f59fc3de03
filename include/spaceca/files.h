// The atomic writer of file sets. Any thread; writers of one folder, of one process or of several, take turns.
#pragma once

#include <filesystem>

#include <spaceca/export.h>
#include <spaceca/file_set.h>

namespace spaceca::files {

enum class Existing {
  refuse,   // Errc::exists if any of the names is there, whatever it is
  replace,  // files are replaced; folders and everything else that is no regular file are still refused
};

// Writes the whole set below `folder`, or nothing. Folders that are not there are made (two levels of a set's names at most).
//
// Every file is first written beside its place, by a name of its own that nobody else may have (O_EXCL), with its final mode from
// birth whatever the umask (0600 for secrets, 0644 for the rest), and synced; only then are they renamed, and the folders synced.
// If a rename fails, what was renamed is put back. After a power cut each file is whole, old or new, but some may be old and some
// new: writing the same set again with Existing::replace finishes it, and clears away what was left beside.
//
// Replacing a set under a client that reads it at that moment can give the client the new key with the old certificate, however
// short the moment is: while clients are live use a new prefix or a new folder, and switch them.
//
// Symbolic links are not followed: `folder` itself, folders in the set and files may not be one. Errors name the file and what the
// system said: Errc::exists (a link or a folder in a file's place too), policy (a link in a folder's place), not_found (a folder
// that went away meanwhile), permission (a read-only folder too), no_space, io, invalid_argument (two files of one name, a name
// that leads elsewhere or is too long, a file in a folder's place).
SPACECA_EXPORT void write(const std::filesystem::path& folder, const FileSet& set, Existing existing = Existing::refuse);

}  // namespace spaceca::files
