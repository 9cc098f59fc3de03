#!/usr/bin/env python3
"""Proves what cmake/dev says where it cannot go on, and how cmake/tally.py counts.

The script runs in a tree of its own, as dash reads it, and finds nothing on PATH but the tools below and the stand-ins of a case.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE = pathlib.Path(__file__).resolve().parents[2] / "cmake"
TOOLS = "basename cat dash dirname echo env find head mkdir mktemp nproc printf realpath rm sed sh sort stat xargs".split()
STRANGER = os.getuid() + 1


class Dev(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.path = self.root / "bin"
        self.tree = self.root / "tree"
        (self.tree / "cmake").mkdir(parents=True)
        shutil.copy(CMAKE / "dev", self.tree / "cmake")
        self.path.mkdir()
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool))
        self.stand_in("id", f"case $1 in -un) echo somebody ;; *) echo {STRANGER} ;; esac")
        self.stand_in("dpkg-query", "for last; do :; done; case $last in libfmt-dev | libcli11-dev) exit 1 ;; esac; echo 'install ok installed'")
        self.stand_in("apt-get", 'echo "apt-get $*" >>"$CALLS"')
        self.stand_in("cmake", 'echo "cmake $*" >>"$CALLS"')
        self.calls = self.root / "calls"
        self.calls.write_text("", encoding="utf-8")

    def stand_in(self, name, script):
        (self.path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (self.path / name).chmod(0o755)

    def dev(self, *words):
        environment = {"PATH": str(self.path), "CALLS": str(self.calls), "TMPDIR": str(self.root)}
        return subprocess.run([self.path / "dash", self.tree / "cmake" / "dev", *words], check=False, capture_output=True, text=True,
                              cwd=self.root, env=environment)

    def called(self):
        return self.calls.read_text(encoding="utf-8").splitlines()

    def test_whoever_is_not_root_gets_the_one_line_that_installs_what_is_missing(self):
        result = self.dev("quickstart", "certs")
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr.splitlines(), [
            "cmake/dev: some packages are missing. As root:",
            "apt-get install --no-install-recommends libcli11-dev libfmt-dev",
        ])
        self.assertEqual(self.called(), [])

    def test_root_has_them_installed_and_goes_on(self):
        self.stand_in("id", "echo 0")
        self.dev("quickstart", "certs")
        self.assertEqual(self.called()[:3], [
            "apt-get -q update",
            "apt-get -q -y install --no-install-recommends libcli11-dev libfmt-dev",
            "cmake --preset release",
        ])

    def test_where_nothing_is_missing_nothing_is_installed(self):
        self.stand_in("dpkg-query", "echo 'install ok installed'")
        self.dev("quickstart", "certs")
        self.assertEqual(self.called()[0], "cmake --preset release")

    def test_elsewhere_than_on_debian_it_names_the_packages(self):
        (self.path / "apt-get").unlink()
        result = self.dev("demo")
        self.assertEqual(result.returncode, 2)
        said = result.stderr.splitlines()
        self.assertEqual(said[0], "cmake/dev: this is not Debian, so please see to these yourself (the names are those there):")
        self.assertLess({"cmake", "default-jdk-headless", "g++", "libssl-dev", "postgresql"}, set(said[1].split()))
        self.assertEqual(said[2:], ["cmake/dev: Then: SPACECA_SETUP=skip cmake/dev …"])
        self.assertEqual(self.called(), [])

    def made_by_another(self):
        file = self.tree / "build" / "release" / "CMakeCache.txt"
        file.parent.mkdir(parents=True)
        file.write_text("", encoding="utf-8")
        self.stand_in("dpkg-query", "echo 'install ok installed'")
        return file

    def test_a_build_of_somebody_else_is_refused_in_words(self):
        self.made_by_another()
        result = self.dev("quickstart", "certs")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, r"build/release belongs to \w+, and you are somebody\.\n")
        self.assertRegex(result.stderr, r"Have \w+ remove it \(rm -r .*/tree/build\), or work in a checkout of your own\.")
        self.assertEqual(self.called(), [])

    def test_root_is_told_whose_build_it_is_and_goes_on(self):
        file = self.made_by_another()
        if os.getuid() == 0:
            os.chown(file, 1, 1)
        self.stand_in("id", "echo 0")
        result = self.dev("quickstart", "certs")
        self.assertRegex(result.stderr, r"CMakeCache\.txt belongs to \w+, who cannot build here any more|build/release belongs to \w+, who cannot")
        self.assertEqual(self.called()[0], "cmake --preset release")

    def test_what_is_no_command_is_not_understood(self):
        for words in [("tset",), ("test", "--everything"), ("format", "--look")]:
            with self.subTest(words=words):
                self.stand_in("dpkg-query", "echo 'install ok installed'")
                result = self.dev(*words)
                self.assertEqual(result.returncode, 2)
                self.assertIn("cmake/dev help", result.stderr)


class Tally(unittest.TestCase):
    PASSED = '<testcase name="a" status="run"/>'
    FAILED = '<testcase name="b" status="fail"><failure message=""/></testcase>'
    # A program that is missing, or a fixture that broke.
    NOT_RUN = '<testcase name="c" status="notrun"><skipped message="Fixture dependency failed"/></testcase>'
    SKIPPED = '<testcase name="d" status="notrun"><skipped message="SKIP_RETURN_CODE=4"/></testcase>'
    DISABLED = '<testcase name="e" status="disabled"><skipped message="Disabled"/></testcase>'

    def tally(self, *reports):
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for number, cases in enumerate(reports):
                names.append(os.path.join(folder, f"{number}.xml"))
                if cases is not None:
                    pathlib.Path(names[-1]).write_text(f"<testsuite>{''.join(cases)}</testsuite>", encoding="utf-8")
            result = subprocess.run([sys.executable, CMAKE / "tally.py", *names], check=False, capture_output=True, text=True)
            return result.stdout.strip(), result.returncode

    def test_reports_are_added_up_and_what_did_not_run_has_failed(self):
        for reports, line, status in [
            ([[self.PASSED]], "1 passed, 0 failed, 0 skipped", 0),
            ([[self.PASSED, self.PASSED], [self.PASSED]], "3 passed, 0 failed, 0 skipped", 0),
            ([[self.PASSED, self.FAILED]], "1 passed, 1 failed, 0 skipped", 1),
            ([[self.PASSED, self.NOT_RUN]], "1 passed, 1 failed, 0 skipped", 1),
            ([[self.PASSED, self.SKIPPED, self.DISABLED]], "1 passed, 0 failed, 2 skipped", 0),
            ([[self.SKIPPED]], "0 passed, 0 failed, 1 skipped", 1),
            ([[self.PASSED], []], "1 passed, 1 failed, 0 skipped", 1),
            ([[self.PASSED], None], "1 passed, 1 failed, 0 skipped", 1),
        ]:
            with self.subTest(reports=reports):
                self.assertEqual(self.tally(*reports), (line, status))


if __name__ == "__main__":
    unittest.main()
