"""What libpq itself reads in a URI or in a service file.

A request a line, its words in hexadecimal: `uri URI`, `service FILE NAME`. An answer a line: `KEY=VALUE ...`, values in hexadecimal,
or `error=TEXT`. No connection is opened.
"""

import ctypes
import os
import sys


class Option(ctypes.Structure):  # PQconninfoOption
    _fields_ = [(name, ctypes.c_char_p) for name in ("keyword", "envvar", "compiled", "val", "label", "dispchar")] + [("dispsize", ctypes.c_int)]


libpq = ctypes.CDLL("libpq.so.5")
libpq.PQconninfoParse.restype = ctypes.POINTER(Option)
libpq.PQconninfoParse.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p)]
libpq.PQconndefaults.restype = ctypes.POINTER(Option)


def values(options):
    found = []
    i = 0
    while options[i].keyword is not None:
        if options[i].val is not None:
            found.append(f"{options[i].keyword.decode()}={options[i].val.hex()}")
        i += 1
    return " ".join(found)


for line in sys.stdin.readlines():  # all of them before the first answer: the other side writes before it reads
    kind, *words = line.rstrip("\n").split(" ")
    words = [bytes.fromhex(word) for word in words]
    if kind == "uri":
        error = ctypes.c_char_p()
        options = libpq.PQconninfoParse(words[0], ctypes.byref(error))
        print(values(options) if options else f"error={error.value.hex()}")
    else:
        # PQconndefaults() is what every connection starts from; it reads the service that PGSERVICE names.
        os.environb[b"PGSERVICEFILE"], os.environb[b"PGSERVICE"] = words
        print(values(libpq.PQconndefaults()))
