// A vault of which a test sees what is asked of it, and says what happens meanwhile.
#pragma once

#include <functional>
#include <stdexcept>

#include <spaceca/vault.h>

namespace spaceca::test {

class WatchedVault final : public Vault {
 public:
  explicit WatchedVault(const Vault& vault) : vault_(vault) {}

  [[nodiscard]] Bytes seal(const Binding& binding, ByteView secret) const override {
    if (before_sealing) before_sealing();
    return vault_.seal(binding, secret);
  }
  [[nodiscard]] SecretBytes unseal(const Binding& binding, ByteView sealed) const override {
    return vault_.unseal(binding, sealed);
  }
  [[nodiscard]] SigningKey create_signing_key(const Binding& binding, KeyAlgorithm algorithm) const override {
    SigningKey key = vault_.create_signing_key(binding, algorithm);
    ++made;
    if (after_making) after_making();
    return key;
  }
  [[nodiscard]] std::shared_ptr<const Signer> signer(const Binding& binding, ByteView handle) const override {
    return vault_.signer(binding, handle);
  }
  void destroy_signing_key(const Binding& binding, ByteView handle) const override {
    if (is_out) throw std::runtime_error{"the token is pulled out"};
    vault_.destroy_signing_key(binding, handle);
    ++destroyed;
  }
  [[nodiscard]] Code authenticate(ByteView message) const override { return vault_.authenticate(message); }

  std::function<void()> before_sealing;
  std::function<void()> after_making;
  mutable int made = 0;  // signing keys
  mutable int destroyed = 0;
  bool is_out = false;

 private:
  const Vault& vault_;
};

}  // namespace spaceca::test
