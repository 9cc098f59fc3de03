// Sessions that certificates have opened: what becomes of those of a revoked one, and how they look.
#pragma once

#include <nlohmann/json.hpp>

#include <spaceca/authority.h>

#include "publishing.h"
#include "session.h"

// What --disconnect and --no-disconnect say.
[[nodiscard]] spaceca::OpenSessions open_sessions(const Arguments& arguments);

[[nodiscard]] nlohmann::json json_of(const spaceca::LiveSession& session);
// "pid 4711: app in sales from 192.0.2.7 (report)"
[[nodiscard]] std::string text_of(const spaceca::LiveSession& session);

// After a certificate of that root was revoked and the servers know: which sessions were ended, or how many live on, where a server
// can be asked. For people as lines on the standard output; for programs the object that this returns.
[[nodiscard]] nlohmann::json tell_sessions(Session& session, const spaceca::Space& space, const Ended& ended, unsigned generation,
                                           const spaceca::Serial& serial);
