// What a webhook is sent, as webhook_notifier.h promises it.
#pragma once

#include <string>
#include <string_view>

#include <spaceca/bytes.h>
#include <spaceca/notifier.h>

namespace spaceca::notify {

[[nodiscard]] std::string webhook_body(const Notice& notice);
// "t=1795514400,v1=5f0c…".
[[nodiscard]] std::string webhook_signature(const SecretBytes& key, Instant at, std::string_view body);

}  // namespace spaceca::notify
