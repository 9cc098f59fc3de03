#!/bin/sh
# resolve.sh FOLDER PACKAGE…: apt would install the packages of a folder together, with what they depend on from this very Debian. Nothing is
# installed; each that would be is one line.
set -eu
cd "$1"
said=$(apt-get --simulate --no-install-recommends install ./*.deb 2>&1) || { echo "$said" && exit 1; }
echo "$said" | sed -n 's/^Inst \([a-z.0-9-]*spaceca[^ ]*\) .*/\1/p' | LC_ALL=C sort
