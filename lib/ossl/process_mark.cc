#include "ossl/process_mark.h"

#include <sys/mman.h>
#include <unistd.h>

#include <spaceca/error.h>

namespace spaceca::ossl {
namespace {

std::size_t page_size() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

ProcessMark::ProcessMark() : process_(getpid()) {
#ifdef MADV_WIPEONFORK
  void* const page = mmap(nullptr, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (madvise(page, page_size(), MADV_WIPEONFORK) != 0) {
    munmap(page, page_size());
    return;
  }
  page_ = static_cast<volatile int*>(page);
  *page_ = 1;
#endif
}

ProcessMark::~ProcessMark() {
  if (page_ != nullptr) munmap(const_cast<int*>(page_), page_size());
}

void ProcessMark::check() const {
  if (!is_here()) throw Error{Errc::wrong_process, "this object was made before fork(); make one in the child"};
}

bool ProcessMark::is_here() const noexcept { return page_ != nullptr ? *page_ == 1 : getpid() == process_; }

}  // namespace spaceca::ossl
