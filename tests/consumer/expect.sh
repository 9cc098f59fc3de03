# shellcheck shell=sh
# Read by the others. expect PROGRAM KIND: it issues a certificate, and is linked with the kind of library that was meant.
expect() {
  needed=$(LC_ALL=C readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  case $2-$needed in
    static-*libspaceca*) complain "$1 needs the shared library" ;;
    shared-*libcrypto* | shared-*libfmt*) complain "$1 needs what the shared library should keep to itself: $needed" ;;
    static-* | shared-*libspaceca*) ;;
    *) complain "$1 does not need the shared library: $needed" ;;
  esac
  said=$("$1")
  [ "$said" = 'CN=app' ] || complain "$1 says '$said', not 'CN=app'"
}

# expect_store PROGRAM KIND: it keeps a store, and knows nothing of SQLite if the library is a shared one.
expect_store() {
  case $2-$(LC_ALL=C readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') in
    shared-*libsqlite3*) complain "$1 needs what the shared library should keep to itself: libsqlite3" ;;
    static-*libspaceca*) complain "$1 needs the shared library" ;;
  esac
  rm -f "$1.db"
  said=$("$1" "$1.db")
  [ "$said" = 'sound' ] || complain "$1 says '$said', not 'sound'"
}

# expect_publisher PROGRAM KIND: it has a publisher, and knows nothing of libpq if the library is a shared one.
expect_publisher() {
  case $2-$(LC_ALL=C readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') in
    shared-*libpq* | shared-*libssl*) complain "$1 needs what the shared library should keep to itself: libpq, libssl" ;;
    static-*libspaceca*) complain "$1 needs the shared library" ;;
  esac
  said=$("$1" /nonexistent)
  [ "$said" = 'not there' ] || complain "$1 says '$said', not 'not there'"
}

# expect_notifier PROGRAM KIND: it has a notifier, and knows nothing of libcurl if the library is a shared one.
expect_notifier() {
  case $2-$(LC_ALL=C readelf --dynamic "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') in
    shared-*libcurl*) complain "$1 needs what the shared library should keep to itself: libcurl" ;;
    static-*libspaceca*) complain "$1 needs the shared library" ;;
  esac
  said=$("$1" 1)
  [ "$said" = 'not there' ] || complain "$1 says '$said', not 'not there'"
}

complain() {
  echo "$1" >&2
  exit 1
}
