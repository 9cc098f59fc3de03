#!/bin/sh
# find_package.sh PREFIX BUILD KIND [sqlite]: as users of CMake find it, with that component.
set -eu
here=$(dirname "$0")
# shellcheck source=tests/consumer/expect.sh
. "$here/expect.sh"

cmake -S "$here/project" -B "$2" --fresh -D CMAKE_PREFIX_PATH="$1"
cmake --build "$2"
expect "$2/consumer" "$3"
if [ "${4-}" = sqlite ]; then expect_store "$2/keeper" "$3"; fi
