#!/usr/bin/env python3
"""header_alone.py INCLUDE HEADER COMPILER…: a file that holds nothing but this #include compiles, and brings in no other library.

The #include stands there twice, so that a header without a guard fails; the warnings are those that a careful user may have switched on.
"""
import pathlib
import re
import subprocess
import sys

WARNINGS = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Werror".split()
FOREIGN = re.compile(r"/(openssl|fmt|curl|nlohmann)/|/(sqlite3|libpq-fe)\.h$")


def foreign(dependencies):
    """The headers of other libraries in what the compiler's -MD wrote."""
    return [word for word in dependencies.replace("\\\n", " ").split() if FOREIGN.search(word)]


def main(include, header, *compiler):
    if not pathlib.Path(include, header).is_file():
        sys.exit(f"{header}: is no public header")
    command = [*compiler, "-std=c++20", *WARNINGS, "-I", include, "-x", "c++", "-", "-fsyntax-only", "-MD", "-MF", "/dev/stdout", "-MT", "it"]
    result = subprocess.run(command, input=f"#include <{header}>\n" * 2, text=True, check=False, stdout=subprocess.PIPE)
    if result.returncode != 0:
        sys.exit(f"{header}: does not compile alone")
    found = foreign(result.stdout)
    if found:
        sys.exit(f"{header}: shows its users {', '.join(found)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
