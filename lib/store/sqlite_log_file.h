// How stores write their logs: SQLite writes each page of a commit by itself, and before it what stands before it; here they are
// gathered and written together. A commit of one certificate has sixteen such calls to the kernel, a tenth of its time where one
// costs three microseconds.
#pragma once

namespace spaceca::store {

// The name under which SQLite knows it (a VFS, https://sqlite.org/vfs.html): what was the program's default one when the first
// store was opened, but for the log. Null, which stands for the default one, if it could not be made known, and while the process
// ends. For connections with cache_spill = OFF. Any thread.
[[nodiscard]] const char* log_gathering_vfs();

}  // namespace spaceca::store
