#!/usr/bin/env python3
"""readme_code.py ROOT COMPILER…: README's C++ compiles. Each block is the body of a function that is given what the block takes for granted."""
import pathlib
import re
import subprocess
import sys

# A block, by its place: what it takes for granted.
GIVEN = ["const Credential& stolen, std::string_view pem", ""]


def program(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```cpp\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    if len(blocks) != len(GIVEN):
        sys.exit(f"README.md has {len(blocks)} blocks of C++, and {len(GIVEN)} are known here")
    headers = sorted((root / "include" / "spaceca").glob("*.h"))
    lines = [f"#include <spaceca/{header.name}>" for header in headers] + ["using namespace spaceca;"]
    return "\n".join(lines + [f"void block_{place}({given}) {{\n{block}}}" for place, (given, block) in enumerate(zip(GIVEN, blocks), 1)])


def main(root, *compiler):
    command = [*compiler, "-std=c++20", "-I", f"{root}/include", "-x", "c++", "-", "-fsyntax-only"]
    sys.exit(subprocess.run(command, input=program(pathlib.Path(root)), text=True, check=False).returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
