#!/bin/sh
# find_package.sh PREFIX BUILD KIND [COMPONENT]…: as users of CMake find it, with these components.
set -eu
here=$(dirname "$0")
# shellcheck source=tests/consumer/expect.sh
. "$here/expect.sh"

cmake -S "$here/project" -B "$2" --fresh -D CMAKE_PREFIX_PATH="$1"
cmake --build "$2"
expect "$2/consumer" "$3"
build=$2 kind=$3
shift 3
for component; do
  case $component in
    sqlite) expect_store "$build/keeper" "$kind" ;;
    postgres) expect_publisher "$build/carrier" "$kind" ;;
    notify) expect_notifier "$build/postman" "$kind" ;;
  esac
done
