#!/bin/sh
# packages.sh BUILD: makes the Debian packages and lists them.
set -eu
cd "$1"
rm -f ./*.deb
cpack -G DEB >cpack.log 2>&1 || { cat cpack.log && exit 1; }
ls ./*.deb
