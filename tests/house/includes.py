#!/usr/bin/env python3
"""includes.py ROOT: reads every #include line of include/, lib/ and examples/ and says which goes against the architecture.

Rules about who may include whom, about other libraries, and about the order of the lines. Each complaint is one line, file:line: what.
A new folder, public header or library is entered in the tables below, on purpose.
"""
import pathlib
import re
import sys

# lib/ FOLDER: the folders whose headers it may include beside its own. An arrow is also the arrows behind it.
ARROWS = {
    "base": [],
    "ossl": ["base"],
    "x509": ["ossl"],
    "export": ["x509"],
    "diagnosis": ["x509"],
    "files": ["x509"],
    "custody": ["x509"],
    "store": ["x509"],
    "notify": ["x509", "files"],
    "service": ["x509", "store"],
    "publish": ["export", "files"],
}

# The folder that implements a public header. The header obeys that folder's arrows.
HOMES = {
    "access.h": "base",
    "bytes.h": "base",
    "cidr.h": "base",
    "clock.h": "base",
    "database_url.h": "base",
    "error.h": "base",
    "export.h": "base",
    "file_set.h": "base",
    "names.h": "base",
    "validity.h": "base",
    "certificate.h": "x509",
    "crl.h": "x509",
    "issuer.h": "x509",
    "key.h": "x509",
    "verify.h": "x509",
    "exporter.h": "export",
    "diagnosis.h": "diagnosis",
    "files.h": "files",
    "vault.h": "custody",
    "store.h": "store",
    "sqlite_store.h": "store",
    "postgres_store.h": "store",
    "publisher.h": "publish",
    "postgres_publisher.h": "publish",
    "postgres_handshake.h": "publish",
    "notifier.h": "notify",
    "mail_notifier.h": "notify",
    "webhook_notifier.h": "notify",
    "authority.h": "service",
    "records.h": "service",
}

# A seam is included without its implementation: a public header, or a single one of lib/.
SEAMS = {
    "custody": ["store.h", "store/vault_wraps.h"],
    "service": ["vault.h", "publisher.h", "notifier.h"],
    "publish": ["diagnosis.h"],
}

# Other libraries, by how their headers begin, and who in lib/ may include them: folders, or single files without their ending.
LIBRARIES = {
    "fmt/": set(ARROWS),
    "tmmintrin.h": {"base/base64"},  # the compiler's, of SSSE3
    "openssl/": {"ossl", "x509", "custody", "export/pkcs12", "publish/tls_probe"},
    "sqlite3.h": {"store"},
    "libpq-fe.h": {"store", "publish"},
    "curl/": {"notify"},
    "nlohmann/": {"notify"},
}
EXAMPLES_LIBRARIES = ("CLI/", "fmt/", "httplib.h", "nlohmann/")

# What would give the pure folders a file, a clock, the environment, a network or a thread; and the files that have one for a reason.
PURE = ("base", "ossl", "x509", "export", "diagnosis")
IMPURE = set("""
    cstdio cstdlib ctime filesystem fstream future iostream stop_token thread
    dirent.h fcntl.h netdb.h pthread.h stdio.h stdlib.h sys/file.h sys/socket.h sys/stat.h sys/time.h time.h unistd.h
""".split())
IMPURE_YET = {
    ("ossl/free_list", "thread"),  # this_thread::get_id: who borrows shares no lock with another
    ("ossl/process_mark", "unistd.h"),  # getpid: contexts that a fork copied are told apart
}

# Whoever asks the world for the time or a variable, by how they ask: folders, or single files without their ending. The time of day is
# an argument everywhere else; what waits has an end to its patience by the steady clock.
ASKERS = {
    "system_clock": {"base/clock", "publish/server"},  # SystemClock; when a reload was asked for, of a server that answers no query
    "steady_clock": {"notify", "publish", "service", "store"},
    "getenv": {"custody/key_file"},  # where systemd puts credentials
    "secure_getenv": set(),
    "clock_gettime": set(),
    "gettimeofday": set(),
}
ASKS = re.compile(r"\b(?:" + "|".join(ASKERS) + r")\b")

STANDARD = set("""
    algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes climits clocale cmath
    codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime
    cuchar cwchar cwctype deque exception execution filesystem format forward_list fstream functional future initializer_list iomanip
    ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource mutex new numbers numeric optional ostream
    queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location span sstream stack stdexcept stop_token
    streambuf string string_view strstream syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map
    unordered_set utility valarray variant vector version
""".split())

# The system's own, by the folders and names that are in use.
SYSTEM = re.compile(r"(?:sys|arpa|netinet|net)/\w+\.h|(?:dirent|errno|fcntl|grp|netdb|poll|pthread|pwd|signal|stdio|stdlib|string|termios|time|unistd)\.h")

# SQL, by how a literal of it begins; and who may write it: store/ for the store, publish/ for the PostgreSQL that is served.
SQL = re.compile(r'"\s*(?:SELECT\s|INSERT INTO\s|UPDATE \w+ SET\s|DELETE FROM\s|CREATE (?:TABLE|INDEX|UNIQUE)\s|PRAGMA\s|BEGIN\b)')
SQL_WRITERS = ("store", "publish")

INCLUDE = re.compile(r"\s*#\s*include\b\s*(.*)")
FORM = re.compile(r'([<"])([^>"]+)[>"]\s*(?://.*)?$')

# The groups of a file's #include lines, in their order.
OWN, SYSTEMS, STANDARDS, OTHERS, PUBLIC, PRIVATE = range(6)
GROUPS = ["own header", "the system", "standard", "other libraries", "<spaceca/…>", "lib/"]


def reach(folder):
    """The folder and all that its arrows lead to."""
    reached = {folder}
    for next_one in ARROWS[folder]:
        reached |= reach(next_one)
    return reached


def group_of(bracket, name):
    if bracket == '"':
        return PRIVATE
    if name.startswith("spaceca/"):
        return PUBLIC
    if name in STANDARD:
        return STANDARDS
    return SYSTEMS if SYSTEM.fullmatch(name) else OTHERS


class File:
    """One source file, and the complaints about it."""

    def __init__(self, root, path):
        self.root = root
        self.path = path
        self.relative = path.relative_to(root)
        self.part = self.relative.parts[0]  # include, lib or examples
        self.folder = self.relative.parts[1] if self.part == "lib" else HOMES.get(path.name)
        self.complaints = []

    def complain(self, line, text):
        self.complaints.append(f"{self.relative}:{line}: {text}")

    def check(self):
        if self.part == "include" and self.folder is None:
            self.complain(1, f"belongs to no folder of lib/; name one in HOMES of {pathlib.Path(__file__).name}")
            return
        if self.part == "lib" and self.folder not in ARROWS:
            self.complain(1, f"lib/{self.folder} stands in no arrow; enter it in ARROWS of {pathlib.Path(__file__).name}")
            return
        lines = self.path.read_text(encoding="utf-8").splitlines()
        if self.path.suffix == ".h" and "#pragma once" not in lines:
            self.complain(1, "a header without #pragma once")
        blocks = [[]]  # of (line number, bracket, name); a blank line ends one
        for number, line in enumerate(lines, 1):
            if self.part != "examples" and self.folder not in SQL_WRITERS and SQL.search(line):
                self.complain(number, f"SQL in {self.folder}: only {' and '.join(SQL_WRITERS)} write any")
            if self.part != "examples":
                self.check_questions(number, line)
            include = INCLUDE.match(line)
            if include is None:
                if blocks[-1]:
                    blocks.append([])
                continue
            form = FORM.match(include[1])
            if form is None:
                self.complain(number, f"an #include that is neither <…> nor \"…\": {line.strip()}")
                continue
            self.check_target(number, form[1], form[2])
            blocks[-1].append((number, form[1], form[2]))
        self.check_order([block for block in blocks if block])

    def is_one_of(self, users):
        """Whether the file, or its folder, is named."""
        return self.folder in users or f"{self.folder}/{self.path.stem}" in users

    def check_questions(self, number, line):
        for word in ASKS.findall(line.split("//")[0]):
            if not self.is_one_of(ASKERS[word]):
                self.complain(number, f"{word}: {self.folder} asks no clock and no environment; who does stands in ASKERS")

    # --- who may include whom ---

    def check_target(self, line, bracket, name):
        if name.startswith(("/", ".")) or "/../" in name:
            self.complain(line, f"{name}: no path; includes begin at include/ or lib/")
        elif bracket == '"':
            self.check_private(line, name)
        elif name.startswith("spaceca/"):
            self.check_public(line, name.removeprefix("spaceca/"))
        else:
            self.check_foreign(line, name)

    def check_private(self, line, name):
        if self.part == "examples":
            if not (self.path.parent / name).is_file():
                self.complain(line, f'"{name}" is not of the examples; they include <spaceca/…> alone')
            return
        if self.part == "include":
            self.complain(line, f'"{name}": a public header includes public headers as <spaceca/…>, and nothing of lib/')
            return
        if name.startswith("schema/") and (self.root / "lib" / "store" / name).with_suffix(".sql").is_file():
            name = f"store/{name}"  # written by the build from that file
        elif not (self.root / "lib" / name).is_file():
            self.complain(line, f'"{name}" is no file of lib/')
            return
        folder = name.split("/")[0]
        if folder not in reach(self.folder) and name not in SEAMS.get(self.folder, []):
            self.complain(line, f'"{name}": there is no arrow from {self.folder} to {folder}')

    def check_public(self, line, name):
        if not (self.root / "include" / "spaceca" / name).is_file():
            self.complain(line, f"<spaceca/{name}> is no public header")
            return
        home = HOMES.get(name)
        if self.part == "examples" or home is None or name in SEAMS.get(self.folder, []):
            return
        if home not in reach(self.folder):
            self.complain(line, f"<spaceca/{name}> is {home}'s: there is no arrow from {self.folder} to {home}")

    def check_foreign(self, line, name):
        allowed = (f"{self.folder}/{self.path.stem}", name) in IMPURE_YET
        if self.part != "examples" and self.folder in PURE and name in IMPURE and not allowed:
            self.complain(line, f"<{name}>: {self.folder} is pure: no file, clock, environment, network or thread")
        group = group_of("<", name)
        if group == STANDARDS or (group == SYSTEMS and self.part != "include"):
            return
        if (self.root / "lib" / name).is_file():
            self.complain(line, f'<{name}>: headers of lib/ are included as "…", and from lib/ alone')
        elif self.part == "include":
            self.complain(line, f"<{name}>: a public header includes public and standard headers alone")
        elif self.part == "examples":
            if not name.startswith(EXAMPLES_LIBRARIES):
                self.complain(line, f"<{name}>: not a library of the examples")
        else:
            self.check_library(line, name)

    def check_library(self, line, name):
        users = next((users for start, users in LIBRARIES.items() if name.startswith(start)), None)
        if users is None:
            self.complain(line, f"<{name}>: a library that nothing here uses; enter it in LIBRARIES of {pathlib.Path(__file__).name}")
        elif not self.is_one_of(users):
            self.complain(line, f"<{name}>: only {', '.join(sorted(users))} may include it")

    # --- the order of the lines ---

    def own_header(self):
        """How this file includes its own header, if lib/ has one for it."""
        if self.path.suffix != ".cc" or self.part != "lib":
            return None
        header = self.relative.with_suffix(".h").relative_to("lib")
        if (self.root / "lib" / header).is_file():
            return ('"', str(header))
        if HOMES.get(header.name) == self.folder and (self.root / "include" / "spaceca" / header.name).is_file():
            return ("<", f"spaceca/{header.name}")
        return None

    def check_order(self, blocks):
        own = self.own_header()
        if own and (not blocks or [include[1:] for include in blocks[0]] != [own]):
            self.complain(blocks[0][0][0] if blocks else 1, f"{own[1]} comes first and alone: it is this file's own header")
        before = -1
        for position, block in enumerate(blocks):
            groups = [group_of(bracket, name) for _, bracket, name in block]
            line = block[0][0]
            # A file that shares a public header with others (libpq.cc and jdbc.cc: exporter.h) may begin with it.
            first = position == 0 and len(block) == 1 and groups[0] >= PUBLIC and self.path.suffix == ".cc" and self.part == "lib"
            if first:
                groups = [OWN]
            if len(set(groups)) > 1:
                self.complain(line, f"a blank line between {' and '.join(GROUPS[group] for group in sorted(set(groups)))}")
                before = max(groups)
                continue
            if groups[0] < before:
                self.complain(line, f"{GROUPS[groups[0]]} before {GROUPS[before]}")
            elif groups[0] == before:
                self.complain(line, f"one group for {GROUPS[before]}")
            before = groups[0]
            names = [name for _, _, name in block]
            if names != sorted(names):
                self.complain(line, f"{GROUPS[groups[0]]}: not sorted")


def complaints(root):
    """All that is wrong below ROOT, and the number of files read."""
    root = pathlib.Path(root)
    paths = sorted(path for part in ("include", "lib", "examples") for path in (root / part).rglob("*") if path.suffix in (".h", ".cc"))
    files = [File(root, path) for path in paths]
    for file in files:
        file.check()
    return [complaint for file in files for complaint in file.complaints], len(files)


def main(root):
    found, count = complaints(root)
    for complaint in found:
        print(complaint)
    print(f"{count} files, {len(found)} complaints")
    sys.exit(1 if found or count == 0 else 0)


if __name__ == "__main__":
    main(sys.argv[1])
