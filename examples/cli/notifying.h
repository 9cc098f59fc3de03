// How owners are told, as it is set up: files, mail, a webhook, or several of these.
#pragma once

#include <memory>

#include <spaceca/notifier.h>

#include "session.h"

// Nothing if nothing is set up. Settings that cannot be right are a Failure that names them.
[[nodiscard]] std::unique_ptr<spaceca::Notifier> configured_notifier(const Session& session);
