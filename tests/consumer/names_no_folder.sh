#!/bin/sh
# names_no_folder.sh PREFIX FOLDER…: no text that was installed names one of the folders.
set -eu
prefix=$1
shift
for folder; do
  if grep --recursive --binary-files=without-match --fixed-strings --line-number -e "$folder" "$prefix"; then
    echo "the above names $folder" >&2
    exit 1
  fi
done
