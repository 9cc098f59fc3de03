#!/usr/bin/env python3
"""layout.py ROOT (top-level | listed | borrowed | short): says what lies where it should not, and what has grown too long.

top-level  the top level holds the card of the project and nothing else.
listed     what is in lib/ and include/ is built: lib/CMakeLists.txt names each source file and public header, and each header of lib/
           is included by somebody.
borrowed   what a component uses of the core's inside it compiles in, since a shared core does not export it: for each header of lib/ that
           its sources include, lib/CMakeLists.txt names the source file of that name among what it borrows.
short      the examples that one reads first are a page or two.
"""
import pathlib
import re
import sys

CARD = set("""
    .ci .clang-format .clang-tidy .gitignore CMakeLists.txt CMakePresets.json LICENSE README.md
    cmake examples include lib tests
""".split())
ENTRANCE = {".git"}
MOST_LINES = {"examples/quickstart.cc": 120, "examples/custom_signer.cc": 70}


def ignored(root):
    """What .gitignore lets lie on the top level: build folders and the like."""
    lines = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    return {line.strip("/") for line in lines if line and not line.startswith(("#", "!"))}


def top_level(root):
    present = {path.name for path in root.iterdir()} - ignored(root) - ENTRANCE
    missing = [f"{name}: is missing on the top level" for name in sorted(CARD - present)]
    extra = [f"{name}: does not belong on the top level" for name in sorted(present - CARD)]
    return missing + extra


def listed(root):
    text = (root / "lib" / "CMakeLists.txt").read_text(encoding="utf-8")
    words = set(re.sub(r"#.*", "", text).replace("${PROJECT_SOURCE_DIR}/", "").split())
    sources = [path.relative_to(root / "lib") for path in (root / "lib").rglob("*") if path.is_file() and path.name != "CMakeLists.txt"]
    headers = [path.relative_to(root) for path in (root / "include").rglob("*") if path.is_file()]
    included = set()
    for path in (root / "lib").rglob("*"):
        if path.suffix in (".h", ".cc"):
            included |= set(included_by(path))
    found = [f"lib/{path}: nobody includes it" for path in sources if path.suffix == ".h" and str(path) not in included]
    found += [f"lib/{path}: not in lib/CMakeLists.txt" for path in sources if path.suffix != ".h" and str(path) not in words]
    found += [f"{path}: not in lib/CMakeLists.txt" for path in headers if str(path) not in words]
    return sorted(found)


def included_by(path):
    return re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)


def borrowed(root):
    text = re.sub(r"#.*", "", (root / "lib" / "CMakeLists.txt").read_text(encoding="utf-8"))
    found = []
    for name, rest in re.findall(r"\badd_library\(spaceca_(\w+)\)(.*?)\bendif\(\)", text, re.DOTALL):
        own, _, lent = rest.partition("BORROWED")
        has = set(re.findall(r"\S+\.cc\b", own)) | set(re.findall(r"\S+\.cc\b", lent))
        read = set()
        left = sorted(has)
        while left:
            path = root / "lib" / left.pop()
            for header in included_by(path):
                source = header.removesuffix(".h") + ".cc"
                if header in read or not (root / "lib" / header).exists():
                    continue
                read.add(header)
                left.append(header)
                if source not in has and (root / "lib" / source).exists():
                    found.append(f"lib/{source}: the component {name} includes its header, and does not borrow it")
    return sorted(found)


def short(root):
    lengths = {name: len((root / name).read_text(encoding="utf-8").splitlines()) for name in MOST_LINES}
    return [f"{name}: has {lines} lines, and may have {MOST_LINES[name]}" for name, lines in lengths.items() if lines > MOST_LINES[name]]


def main(root, question):
    found = {"top-level": top_level, "listed": listed, "borrowed": borrowed, "short": short}[question](pathlib.Path(root))
    for complaint in found:
        print(complaint)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
