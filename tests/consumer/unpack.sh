#!/bin/sh
# unpack.sh FOLDER ROOT: what all packages of a folder hold, as dpkg would put it below /.
set -eu
rm -rf "$2"
for package in "$1"/*.deb; do dpkg-deb --extract "$package" "$2"; done
find "$2" -name spaceca-config.cmake | grep .
