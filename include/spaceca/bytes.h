// Octets, and octets that must not outlive their use. Values: as safe between threads as int is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <spaceca/export.h>

namespace spaceca {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// The same octets seen as bytes or as characters; both borrow.
[[nodiscard]] inline ByteView bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(ByteView octets) noexcept {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// Overwrites octets in a way that the compiler may not leave out.
SPACECA_EXPORT void wipe(void* octets, std::size_t size) noexcept;

// Wipes every block before it goes back to the heap, those that a growing vector leaves behind included.
template <class T>
struct WipingAllocator {
  using value_type = T;

  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T))); }
  void deallocate(T* block, std::size_t n) noexcept {
    wipe(block, n * sizeof(T));
    ::operator delete(block);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) noexcept { return true; }
};

using SecretBuffer = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

// Octets that are secret: moved, never copied by accident, wiped when they go. Nothing prints them; who needs them says reveal(),
// which is easy to search for.
class SPACECA_EXPORT SecretBytes final {
 public:
  SecretBytes() = default;
  explicit SecretBytes(ByteView octets) : octets_(octets.begin(), octets.end()) {}
  explicit SecretBytes(std::string_view text) : SecretBytes(bytes_of(text)) {}
  explicit SecretBytes(SecretBuffer&& octets) noexcept : octets_(std::move(octets)) {}

  SecretBytes(SecretBytes&&) noexcept = default;
  SecretBytes& operator=(SecretBytes&&) noexcept = default;  // the allocator wipes what was here
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() = default;

  [[nodiscard]] SecretBytes copy() const { return SecretBytes{reveal()}; }
  [[nodiscard]] ByteView reveal() const noexcept { return octets_; }
  [[nodiscard]] std::size_t size() const noexcept { return octets_.size(); }
  [[nodiscard]] bool empty() const noexcept { return octets_.empty(); }

 private:
  SecretBuffer octets_;
};

}  // namespace spaceca
