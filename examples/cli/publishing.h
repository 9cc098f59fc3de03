// After a command changed what servers are to serve: it is brought to them and proved before the program ends.
#pragma once

#include <string>
#include <vector>

#include <spaceca/authority.h>

#include "failure.h"
#include "session.h"

// Sessions that were ended meanwhile.
using Ended = std::vector<spaceca::SweepPart::EndedSession>;

// One database, if it has something pending; under "`text`... done". What fails is complained of, and the worst of it is the exit:
// failed before refused by a rule, and unreachable only if nothing else went wrong. With --wait it is tried again until --timeout
// as long as the server is out of reach.
[[nodiscard]] Exit publish(Session& session, const Place& place, const std::string& text);
// Every database of the space that has something pending; nothing is printed if none has.
[[nodiscard]] Exit publish_space(Session& session, const spaceca::Space& space, const std::string& text, Ended* ended = nullptr);

// Prints what servers had against it; the worst of it as publish() has it.
[[nodiscard]] Exit complain(const Session& session, const std::vector<Failure>& failures);
