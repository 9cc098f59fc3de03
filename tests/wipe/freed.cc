#include "wipe/freed.h"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace spaceca::test {
namespace {

// Kept by malloc alone: it is filled from within operator delete.
char* remembered = nullptr;
std::size_t size = 0;
std::size_t capacity = 0;
bool watching = false;

constexpr std::size_t kGap = 16;

void remember(const void* block) {
  const std::size_t octets = malloc_usable_size(const_cast<void*>(block));
  if (size + octets + kGap > capacity) {
    capacity = (size + octets + kGap) * 2;
    remembered = static_cast<char*>(std::realloc(remembered, capacity));
    if (remembered == nullptr) std::abort();
  }
  std::memcpy(remembered + size, block, octets);
  std::memset(remembered + size + octets, 0, kGap);
  size += octets + kGap;
}

void* obtained(std::size_t octets, std::size_t alignment) {
  const std::size_t whole = (octets + alignment - 1) / alignment * alignment;
  void* const block =
      alignment <= alignof(std::max_align_t) ? std::malloc(octets > 0 ? octets : 1) : std::aligned_alloc(alignment, whole);
  if (block != nullptr) std::memset(block, 0, malloc_usable_size(block));
  return block;
}

void* obtained_or_thrown(std::size_t octets, std::size_t alignment) {
  void* const block = obtained(octets, alignment);
  if (block == nullptr) throw std::bad_alloc{};
  return block;
}

void release(void* block) noexcept {
  if (block != nullptr && watching) remember(block);
  std::free(block);
}

constexpr std::size_t kUsual = alignof(std::max_align_t);
std::size_t value(std::align_val_t alignment) { return static_cast<std::size_t>(alignment); }

}  // namespace

void begin_watching() {
  size = 0;
  watching = true;
}

std::string_view end_watching() {
  watching = false;
  return {remembered, size};
}

}  // namespace spaceca::test

using namespace spaceca::test;
using std::align_val_t;
using std::nothrow_t;
using std::size_t;

void* operator new(size_t octets) { return obtained_or_thrown(octets, kUsual); }
void* operator new[](size_t octets) { return obtained_or_thrown(octets, kUsual); }
void* operator new(size_t octets, align_val_t alignment) { return obtained_or_thrown(octets, value(alignment)); }
void* operator new[](size_t octets, align_val_t alignment) { return obtained_or_thrown(octets, value(alignment)); }
void* operator new(size_t octets, const nothrow_t&) noexcept { return obtained(octets, kUsual); }
void* operator new[](size_t octets, const nothrow_t&) noexcept { return obtained(octets, kUsual); }
void* operator new(size_t octets, align_val_t alignment, const nothrow_t&) noexcept { return obtained(octets, value(alignment)); }
void* operator new[](size_t octets, align_val_t alignment, const nothrow_t&) noexcept { return obtained(octets, value(alignment)); }

void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, size_t) noexcept { release(block); }
void operator delete[](void* block, size_t) noexcept { release(block); }
void operator delete(void* block, align_val_t) noexcept { release(block); }
void operator delete[](void* block, align_val_t) noexcept { release(block); }
void operator delete(void* block, size_t, align_val_t) noexcept { release(block); }
void operator delete[](void* block, size_t, align_val_t) noexcept { release(block); }
void operator delete(void* block, const nothrow_t&) noexcept { release(block); }
void operator delete[](void* block, const nothrow_t&) noexcept { release(block); }
void operator delete(void* block, align_val_t, const nothrow_t&) noexcept { release(block); }
void operator delete[](void* block, align_val_t, const nothrow_t&) noexcept { release(block); }
