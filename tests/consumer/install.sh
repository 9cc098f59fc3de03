#!/bin/sh
# install.sh BUILD PREFIX: installs, then moves what was installed, so that all who use it prove that it may be moved.
set -eu
rm -rf "$2" "$2.before"
cmake --install "$1" --prefix "$2.before" >/dev/null
mv "$2.before" "$2"
find "$2" -name spaceca-config.cmake | grep .
