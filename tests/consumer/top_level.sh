#!/bin/sh
# top_level.sh SOURCE BUILD KIND: as who makes packages of it builds it.
set -eu
case $3 in shared) shared=ON ;; *) shared=OFF ;; esac
cmake -S "$1" -B "$2" --fresh -D BUILD_SHARED_LIBS=$shared -D SPACECA_BUILD_TESTS=OFF -D CMAKE_INSTALL_PREFIX=/usr
cmake --build "$2" --parallel "$(nproc)"
