// The one macro: marks what the shared library exports. Users of the static library have SPACECA_STATIC_DEFINE set for them by
// CMake or pkg-config, so that our symbols are not exported again from a library of theirs.
#pragma once

#if defined(SPACECA_STATIC_DEFINE)
#define SPACECA_EXPORT
#else
#define SPACECA_EXPORT __attribute__((visibility("default")))
#endif
