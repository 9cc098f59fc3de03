#!/bin/sh
# Builds the probes into the folder given. Fails if a peer is missing, and says which.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out/classes"

for program in javac java go node npm certtool certutil vfychain keytool openssl psql faketime; do
  command -v "$program" >/dev/null || { echo "build.sh: $program is missing; ./cmake/dev installs it" >&2; exit 1; }
done
/usr/bin/python3 -c 'import psycopg2' || { echo "build.sh: python3-psycopg2 is missing; ./cmake/dev installs it" >&2; exit 1; }
[ -e /usr/share/java/postgresql.jar ] || { echo "build.sh: libpostgresql-jdbc-java is missing; ./cmake/dev installs it" >&2; exit 1; }

javac -encoding UTF-8 -d "$out/classes" "$here"/*.java
GO111MODULE=off go build -o "$out/verify" "$here/verify.go"
if ! cmp -s "$here/package-lock.json" "$out/package-lock.json" || [ ! -d "$out/node_modules/pg" ]; then
  cp "$here/package.json" "$here/package-lock.json" "$out"
  (cd "$out" && npm ci --ignore-scripts --no-audit --no-fund --silent)
fi
