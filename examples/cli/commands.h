// What each command does, a function a command; files by noun. They throw what goes wrong.
#pragma once

#include "failure.h"
#include "session.h"

namespace spaces {
Exit list(Session& session);
Exit create(Session& session);
Exit show(Session& session);
Exit rotate(Session& session);
Exit adopt(Session& session);
Exit revoke_serial(Session& session);
}  // namespace spaces

namespace databases {
Exit list(Session& session);
Exit create(Session& session);
Exit show(Session& session);
Exit update(Session& session);
Exit destroy(Session& session);
Exit config_get(Session& session);
}  // namespace databases

namespace mtls {
Exit show(Session& session);
Exit create(Session& session);
Exit destroy(Session& session);
Exit server_files(Session& session);
}  // namespace mtls

namespace ip_rules {
Exit list(Session& session);
Exit create(Session& session);
Exit show(Session& session);
Exit update(Session& session);
Exit remove(Session& session);
}  // namespace ip_rules

namespace certificates {
Exit list(Session& session);
Exit create(Session& session);
Exit show(Session& session);
Exit download(Session& session);
Exit renew(Session& session);
Exit revoke(Session& session);
}  // namespace certificates

namespace sessions {
Exit census(Session& session);
}  // namespace sessions

namespace upkeep {
Exit init(Session& session);
Exit sweep(Session& session);
Exit audit(Session& session);
Exit audit_verify(Session& session);
Exit backup(Session& session);
Exit vault_rewrap(Session& session);
Exit clock_accept(Session& session);
Exit pkcs8(Session& session);
}  // namespace upkeep

namespace doctor {
Exit diagnose(Session& session);
}  // namespace doctor
