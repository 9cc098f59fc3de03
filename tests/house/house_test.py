#!/usr/bin/env python3
"""Proves that exports.py, header_alone.py and layout.py can fail."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import exports
import header_alone
import layout


def made(folder, files):
    root = pathlib.Path(folder)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


class Exports(unittest.TestCase):
    def test_our_public_names_are_expected(self):
        for kind, name in [
            ("T", "spaceca::Issuer::certificate() const"),
            ("T", "spaceca::is_due(spaceca::Validity)"),
            ("T", "spaceca::text_of[abi:cxx11](long)"),
            ("T", "spaceca::operator==(spaceca::Certificate const&, spaceca::Certificate const&)"),
            ("T", "spaceca::exporter::libpq(spaceca::Credential const&)"),
            ("V", "typeinfo name for spaceca::Error"),
            ("V", "vtable for spaceca::Clock"),
            ("W", "std::filesystem::__cxx11::path::string() const"),
            ("W", "unsigned char std::__detail::__from_chars_alnum_to_val<false>(unsigned char)"),
            ("u", "std::ranges::__cust::begin"),
        ]:
            with self.subTest(name=name):
                self.assertEqual(exports.unexpected(f"0000000000012345 {kind} {name}\n"), [])

    def test_everything_else_is_not(self):
        for kind, name in [
            ("T", "spaceca::x509::read_certificate(int)"),
            ("T", "spaceca::Issuer::Impl::compiled(int)"),
            ("T", "spaceca::ossl::fail(std::basic_string_view<char>)"),
            ("V", "typeinfo for spaceca::x509::KeySigner"),
            ("T", "spaceca::printable_table::look_up()"),
            ("W", "fmt::v9::detail::count_digits(unsigned int)"),
            ("T", "std::make_ours_strong()"),
            ("W", "void helper<std::vector<int> >(int)"),
            ("T", "sqlite3_open"),
            ("B", "a_global"),
        ]:
            with self.subTest(name=name):
                self.assertEqual(exports.unexpected(f"0000000000012345 {kind} {name}\n"), [f"{kind} {name}"])


class HeaderAlone(unittest.TestCase):
    COMPILER = sys.argv[1:] or ["c++"]

    def outcome(self, text):
        with tempfile.TemporaryDirectory() as folder:
            include = made(folder, {"spaceca/it.h": text})
            command = [sys.executable, header_alone.__file__, include, "spaceca/it.h", *self.COMPILER]
            return subprocess.run(command, check=False, capture_output=True, text=True)

    def test_a_whole_header_passes(self):
        self.assertEqual(self.outcome("#pragma once\n#include <string>\ninline std::string text() { return {}; }\n").returncode, 0)

    def test_a_header_that_needs_another_fails(self):
        self.assertIn("does not compile alone", self.outcome("#pragma once\ninline std::string text() { return {}; }\n").stderr)

    def test_a_header_that_cannot_stand_twice_fails(self):
        self.assertIn("does not compile alone", self.outcome("struct Once {};\n").stderr)

    def test_a_header_that_warns_fails(self):
        self.assertIn("does not compile alone", self.outcome("#pragma once\ninline int narrow(long n) { return n; }\n").stderr)

    def test_a_header_of_another_library_is_seen(self):
        self.assertEqual(header_alone.foreign("it: /usr/include/string \\\n /usr/include/openssl/evp.h \\\n include/spaceca/it.h\n"),
                         ["/usr/include/openssl/evp.h"])


class Layout(unittest.TestCase):
    LISTED = {
        "lib/CMakeLists.txt": "target_sources(spaceca PRIVATE\n  base/a.cc\n  ${PROJECT_SOURCE_DIR}/include/spaceca/a.h\n  # base/b.cc\n)\n",
        "lib/base/a.cc": '#include "base/a.h"\n',
        "lib/base/a.h": "",
        "include/spaceca/a.h": "",
    }

    def test_the_top_level(self):
        with tempfile.TemporaryDirectory() as folder:
            root = made(folder, {name: "" for name in layout.CARD} | {".gitignore": "# ours\n/build/\n!/lib/\n", "build/x": "", ".git/x": ""})
            self.assertEqual(layout.top_level(root), [])
            made(folder, {"NOTES.md": ""})
            (root / "LICENSE").unlink()
            self.assertEqual(layout.top_level(root), ["LICENSE: is missing on the top level", "NOTES.md: does not belong on the top level"])

    def test_what_is_listed(self):
        with tempfile.TemporaryDirectory() as folder:
            root = made(folder, self.LISTED)
            self.assertEqual(layout.listed(root), [])
            made(folder, {"lib/base/b.cc": "", "lib/base/c.h": "", "lib/store/schema/001.sql": "", "include/spaceca/d.h": ""})
            self.assertEqual(layout.listed(root), [
                "include/spaceca/d.h: not in lib/CMakeLists.txt",
                "lib/base/b.cc: not in lib/CMakeLists.txt",
                "lib/base/c.h: nobody includes it",
                "lib/store/schema/001.sql: not in lib/CMakeLists.txt",
            ])

    COMPONENT = "add_library(spaceca_x)\ntarget_sources(spaceca_x PRIVATE x/x.cc)\nspaceca_component(x\n  BORROWED base/a.cc)\nendif()\n"

    def test_what_is_borrowed(self):
        with tempfile.TemporaryDirectory() as folder:
            root = made(folder, self.LISTED | {"lib/CMakeLists.txt": self.COMPONENT, "lib/x/x.cc": '#include "base/a.h"\n'})
            self.assertEqual(layout.borrowed(root), [])
            made(folder, {"lib/base/a.cc": '#include "base/b.h"\n', "lib/base/b.h": '#include "base/c.h"\n', "lib/base/c.h": "", "lib/base/c.cc": ""})
            self.assertEqual(layout.borrowed(root), ["lib/base/c.cc: the component x includes its header, and does not borrow it"])

    def test_what_is_too_long(self):
        with tempfile.TemporaryDirectory() as folder:
            root = made(folder, {"examples/quickstart.cc": "//\n" * 120, "examples/custom_signer.cc": "//\n" * 70})
            self.assertEqual(layout.short(root), [])
            made(folder, {"examples/custom_signer.cc": "//\n" * 71})
            self.assertEqual(layout.short(root), ["examples/custom_signer.cc: has 71 lines, and may have 70"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
