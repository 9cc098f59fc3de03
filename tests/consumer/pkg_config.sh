#!/bin/sh
# pkg_config.sh PREFIX BUILD KIND [sqlite]: as everybody else finds it.
set -eu
here=$(dirname "$0")
# shellcheck source=tests/consumer/expect.sh
. "$here/expect.sh"

config=$(find "$1" -name spaceca.pc)
PKG_CONFIG_PATH=$(dirname "$config")
export PKG_CONFIG_PATH
case $3 in static) static=--static ;; *) static='' ;; esac
flags=$(pkg-config $static --cflags --libs spaceca)
LD_LIBRARY_PATH=$(pkg-config --variable=libdir spaceca)
export LD_LIBRARY_PATH

mkdir -p "$2"
# shellcheck disable=SC2086  # both are lists of words
$CXX -std=c++20 $CXXFLAGS -o "$2/consumer" "$here/consumer.cc" $flags
expect "$2/consumer" "$3"
if [ "${4-}" = sqlite ]; then
  # shellcheck disable=SC2046,SC2086  # lists of words
  $CXX -std=c++20 $CXXFLAGS -o "$2/keeper" "$here/keeper.cc" $(pkg-config $static --cflags --libs spaceca-sqlite)
  expect_store "$2/keeper" "$3"
fi
