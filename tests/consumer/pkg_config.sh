#!/bin/sh
# pkg_config.sh PREFIX BUILD KIND [COMPONENT]…: as everybody else finds it.
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
# build_with COMPONENT PROGRAM
build_with() {
  # shellcheck disable=SC2046,SC2086  # lists of words
  $CXX -std=c++20 $CXXFLAGS -o "$build/$2" "$here/$2.cc" $(pkg-config $static --cflags --libs "spaceca-$1")
}

build=$2 kind=$3
shift 3
for component; do
  case $component in
    sqlite)
      build_with sqlite keeper
      expect_store "$build/keeper" "$kind"
      ;;
    postgres)
      build_with postgres carrier
      expect_publisher "$build/carrier" "$kind"
      ;;
    notify)
      build_with notify postman
      expect_notifier "$build/postman" "$kind"
      ;;
  esac
done
