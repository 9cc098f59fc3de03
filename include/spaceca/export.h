// Marks what the shared library exports. Users of the static library have SPACECA_STATIC_DEFINE set for them by CMake or
// pkg-config, so that our symbols are not exported again from a library of theirs. What stands inside something exported is
// exported with it, unless its definition says SPACECA_NO_EXPORT.
#pragma once

#define SPACECA_NO_EXPORT __attribute__((visibility("hidden")))
#if defined(SPACECA_STATIC_DEFINE)
#define SPACECA_EXPORT
#else
#define SPACECA_EXPORT __attribute__((visibility("default")))
#endif
