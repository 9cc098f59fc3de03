#!/bin/sh
# in_tree.sh SOURCE BUILD KIND: spaceca as a folder of a user's project.
set -eu
here=$(dirname "$0")
# shellcheck source=tests/consumer/expect.sh
. "$here/expect.sh"

case $3 in shared) shared=ON ;; *) shared=OFF ;; esac
cmake -S "$here/in_tree" -B "$2" --fresh -D SPACECA_SOURCE="$1" -D BUILD_SHARED_LIBS=$shared -D CMAKE_INSTALL_PREFIX=/usr
cmake --build "$2" --parallel "$(nproc)"
expect "$2/consumer" "$3"
