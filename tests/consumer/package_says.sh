#!/bin/sh
# package_says.sh FOLDER PACKAGE (FIELD | files): what its control file or its list of files holds.
set -eu
case $3 in
  files) dpkg-deb --contents "$1/$2"_*.deb ;;
  *) dpkg-deb --field "$1/$2"_*.deb "$3" ;;
esac
