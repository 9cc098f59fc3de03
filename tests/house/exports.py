#!/usr/bin/env python3
"""exports.py LIBRARY [NAME]: says what a shared library exports that is not our public interface.

What the toolchain forces is let through, and no more:
- templates and inline variables of the standard library, weak. libstdc++ declares its namespaces visible, which overrides our
  -fvisibility=hidden; the loader merges them with everybody else's.
- names that belong to the implementation: _init, _fini, _end, and whatever begins with two underscores.
"""
import re
import subprocess
import sys

ABOUT = re.compile(r"(?:typeinfo name|typeinfo|vtable|VTT|guard variable|(?:non-)?virtual thunk|covariant return thunk) (?:for|to) ")
# A type and what is in it (but for its Impl, which is SPACECA_NO_EXPORT where it is defined), a function, or an
# operator, in a namespace that a public header opens.
OURS = re.compile(r"spaceca::(?:exporter::|files::)?(?:[A-Z]\w*(?!\w|::Impl::)|\w+(?:\[abi:\w+\])?\(|operator\W)")
STANDARD = re.compile(r"(?:auto |(?:unsigned )?\S+ )?(?:std|__gnu_cxx)::")
IMPLEMENTATION = re.compile(r"_(?:init|fini|edata|end|_\w+)$")


def is_expected(kind, name):
    name = ABOUT.sub("", name, count=1)
    if OURS.match(name):
        return True
    if kind in "WVu" and STANDARD.match(name):
        return True
    return bool(IMPLEMENTATION.match(name))


def unexpected(nm_output):
    """The lines of nm, without those that may be there."""
    exports = [line.split(maxsplit=2)[1:] for line in nm_output.splitlines() if line.strip()]
    return [f"{kind} {name}" for kind, name in exports if not is_expected(kind, name)]


def main(library, known="spaceca::Issuer::self_signed"):
    nm = subprocess.run(["nm", "--dynamic", "--demangle", "--defined-only", library], check=True, capture_output=True, text=True)
    if f"{known}(" not in nm.stdout:
        sys.exit(f"{library}: does not export {known}; is it our library?")
    found = unexpected(nm.stdout)
    for line in found:
        print(f"{library}: exports {line}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
