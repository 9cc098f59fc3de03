#!/bin/sh
# in_tree.sh SOURCE BUILD KIND: spaceca as a folder of a user's project, which builds of it what it links.
set -eu
here=$(dirname "$0")
# shellcheck source=tests/consumer/expect.sh
. "$here/expect.sh"

case $3 in shared) shared=ON ;; *) shared=OFF ;; esac
cmake -S "$here/in_tree" -B "$2" --fresh -D SPACECA_SOURCE="$1" -D BUILD_SHARED_LIBS=$shared
cmake --build "$2" --parallel "$(nproc)" --target consumer
expect "$2/consumer" "$3"
