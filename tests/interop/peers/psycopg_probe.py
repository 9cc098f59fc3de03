#!/usr/bin/python3
"""Asks psycopg2 (libpq) whether it can log in with the files we wrote.

One line on stdout: "accepted: serial=<decimal> dn=<dn> tls=<version>" (exit 0), "refused: <why>" (exit 1) or
"broken: <why>" (exit 2).

  psycopg_probe.py --dsn-file F
  psycopg_probe.py --host H --port P --user U --database D [--password-file F] [--cert F --key F] --root F
                   [--sslmode verify-full] [--hostaddr A]
"""

import argparse
import os
import re
import sys

QUESTION = """
    select coalesce(s.client_serial::text, 'none'), coalesce(s.client_dn, 'none'), coalesce(s.version, 'none')
    from pg_stat_ssl s where pid = pg_backend_pid()"""

# A server that is not there refuses nothing.
ABSENT = ("Connection refused", "could not translate host name", "timeout expired", "No route to host")


def end(status, text):
    print(re.sub(r"\s*\n\s*", " ", text.strip()))
    sys.exit(status)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        end(2, "broken: " + message)


def read(file):
    with open(file, encoding="utf-8") as text:
        return text.read().rstrip("\r\n")


def settings(flags):
    if flags.dsn_file:
        return {"dsn": read(flags.dsn_file)}
    given = {"host": flags.host, "port": flags.port, "hostaddr": flags.hostaddr, "user": flags.user, "dbname": flags.database, "sslcert": flags.cert,
             "sslkey": flags.key, "sslrootcert": flags.root, "sslmode": flags.sslmode,
             "password": flags.password_file and read(flags.password_file)}
    return {name: value for name, value in given.items() if value is not None}


def main():
    parser = Parser(usage="--dsn-file F | --host H …", allow_abbrev=False, add_help=False)
    for name in ("dsn-file", "host", "hostaddr", "port", "user", "database", "password-file", "cert", "key", "root"):
        parser.add_argument("--" + name)
    parser.add_argument("--sslmode", default="verify-full")
    flags = parser.parse_args()

    # libpq would take what it was not told from PG… variables and from ~/.postgresql, root.crl included. Both are read when
    # it connects.
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
    os.environ["HOME"] = "/nonexistent"
    os.environ["PGCONNECT_TIMEOUT"] = "60"

    try:
        import psycopg2
        arguments = settings(flags)
    except (ImportError, OSError, ValueError) as error:
        end(2, f"broken: {error}")
    try:
        connection = psycopg2.connect(**arguments)
        cursor = connection.cursor()
        cursor.execute(QUESTION)
        serial, dn, tls = cursor.fetchone()
    except psycopg2.ProgrammingError:  # its text quotes the DSN, which may hold a password
        end(2, "broken: the connection parameters do not parse")
    except psycopg2.Error as error:
        # One line an address tried: localhost may be refused at ::1 by nobody, and at 127.0.0.1 by our server.
        tried = re.split(r"\n(?=connection to server)", str(error))
        absent = all(any(text in attempt for text in ABSENT) for attempt in tried)
        end(2 if absent else 1, f"{'broken' if absent else 'refused'}: {error}")
    end(0, f"accepted: serial={serial} dn={dn} tls={tls}")


main()
