#!/usr/bin/env python3
"""Proves that includes.py can fail: each case is a small tree with one thing wrong, and the words of the complaint about it."""
import pathlib
import tempfile
import unittest

import includes

# A tree in which all is well; the cases change one file of it, or add one.
GOOD = {
    "include/spaceca/bytes.h": "// Octets.\n#pragma once\n\n#include <vector>\n",
    "include/spaceca/issuer.h": "// Issues.\n#pragma once\n\n#include <memory>\n\n#include <spaceca/bytes.h>\n",
    "include/spaceca/exporter.h": "// Exports.\n#pragma once\n\n#include <spaceca/bytes.h>\n",
    "include/spaceca/files.h": "// Writes.\n#pragma once\n\n#include <filesystem>\n\n#include <spaceca/bytes.h>\n",
    "include/spaceca/store.h": "// Stores.\n#pragma once\n\n#include <spaceca/bytes.h>\n",
    "include/spaceca/vault.h": "// Seals.\n#pragma once\n\n#include <spaceca/bytes.h>\n",
    "lib/base/bytes.cc": "#include <spaceca/bytes.h>\n\n#include <string.h>\n",
    "lib/base/hex.h": "// Hex.\n#pragma once\n\n#include <string>\n",
    "lib/base/hex.cc": '#include "base/hex.h"\n\n#include <algorithm>\n#include <array>\n\n#include <fmt/format.h>\n',
    "lib/base/clock.cc": "Instant SystemClock::now() const { return std::chrono::system_clock::now(); }\n",
    "lib/ossl/process_mark.cc": "#include <unistd.h>\n",
    "lib/custody/key_file.cc": 'const char* folder = std::getenv("CREDENTIALS_DIRECTORY");\n',
    "lib/service/sweep.cc": "// Not std::chrono::system_clock.\nconst auto now = std::chrono::steady_clock::now();\n",
    "lib/ossl/check.h": "// Checks.\n#pragma once\n\n#include <openssl/err.h>\n",
    "lib/x509/issuer.cc": '#include <spaceca/issuer.h>\n\n#include <openssl/x509.h>\n\n#include "base/hex.h"\n#include "ossl/check.h"\n',
    "lib/export/libpq.cc": '#include <spaceca/exporter.h>\n\n#include "base/hex.h"\n',
    "lib/export/pkcs12.cc": "#include <openssl/pkcs12.h>\n\n#include <spaceca/exporter.h>\n",
    "lib/files/write.cc": "#include <spaceca/files.h>\n\n#include <fcntl.h>\n\n#include <vector>\n",
    "lib/store/vault_wraps.h": "// Keeps.\n#pragma once\n\n#include <spaceca/store.h>\n",
    "lib/store/sql.h": "// Asks.\n#pragma once\n",
    "lib/custody/key_signer.cc": '#include <spaceca/store.h>\n\n#include "store/vault_wraps.h"\n',
    "lib/store/schema/001_initial.sql": "CREATE TABLE a (b TEXT);\n",
    "lib/store/migrations.cc": '#include "schema/001_initial.inc"\n',
    "lib/store/sqlite_driver.cc": "#include <vector>\n\n#include <sqlite3.h>\n\n#include <spaceca/store.h>\n",
    "lib/service/authority.cc": "#include <spaceca/store.h>\n#include <spaceca/vault.h>\n",
    "lib/publish/hba.cc": "#include <spaceca/exporter.h>\n#include <spaceca/files.h>\n",
    "examples/quickstart.cc": "#include <iostream>\n\n#include <CLI/CLI.hpp>\n\n#include <spaceca/issuer.h>\n",
}

BAD = [
    # against an arrow
    ("lib/base/utf8.cc", '#include "ossl/check.h"\n', "no arrow from base to ossl"),
    ("lib/base/names.cc", "#include <spaceca/issuer.h>\n", "<spaceca/issuer.h> is x509's: there is no arrow from base to x509"),
    ("lib/ossl/random.cc", "#include <spaceca/issuer.h>\n", "no arrow from ossl to x509"),
    ("lib/x509/pem.cc", "#include <spaceca/exporter.h>\n", "no arrow from x509 to export"),
    ("lib/export/jdbc.cc", "#include <spaceca/files.h>\n", "no arrow from export to files"),
    ("lib/files/folder.cc", "#include <spaceca/exporter.h>\n", "no arrow from files to export"),
    ("lib/store/roots.cc", "#include <spaceca/authority.h>\n", "is no public header"),
    ("lib/store/roots.cc", "#include <spaceca/vault.h>\n", "no arrow from store to custody"),
    ("lib/custody/sealed_vault.cc", "#include <spaceca/files.h>\n", "no arrow from custody to files"),
    ("lib/custody/sealed_vault.cc", '#include "store/sql.h"\n', "no arrow from custody to store"),
    ("lib/files/folder.cc", '#include "store/vault_wraps.h"\n', "no arrow from files to store"),
    ("lib/service/outbox.cc", "#include <spaceca/files.h>\n", "no arrow from service to files"),
    ("include/spaceca/bytes.h", "#pragma once\n#include <spaceca/issuer.h>\n", "no arrow from base to x509"),
    # what a public header shows
    ("include/spaceca/issuer.h", "#pragma once\n#include <openssl/evp.h>\n", "a public header includes public and standard headers alone"),
    ("include/spaceca/issuer.h", "#pragma once\n#include <fmt/format.h>\n", "a public header includes public and standard headers alone"),
    ("include/spaceca/files.h", "#pragma once\n#include <sys/types.h>\n", "a public header includes public and standard headers alone"),
    ("include/spaceca/issuer.h", '#pragma once\n#include "base/hex.h"\n', "nothing of lib/"),
    ("include/spaceca/issuer.h", '#pragma once\n#include "spaceca/bytes.h"\n', "as <spaceca/…>"),
    ("include/spaceca/issuer.h", "#include <memory>\n", "a header without #pragma once"),
    ("include/spaceca/new.h", "#pragma once\n", "belongs to no folder of lib/"),
    # other libraries
    ("lib/base/hex.cc", '#include "base/hex.h"\n\n#include <openssl/evp.h>\n', "<openssl/evp.h>: only"),
    ("lib/export/text.cc", "#include <openssl/evp.h>\n", "<openssl/evp.h>: only"),
    ("lib/files/posix.cc", "#include <openssl/rand.h>\n", "<openssl/rand.h>: only"),
    ("lib/service/space.cc", "#include <sqlite3.h>\n", "<sqlite3.h>: only store may include it"),
    ("lib/x509/pem.cc", "#include <boost/asio.hpp>\n", "a library that nothing here uses"),
    ("examples/quickstart.cc", "#include <openssl/evp.h>\n", "not a library of the examples"),
    # purity
    ("lib/x509/pem.cc", "#include <fstream>\n", "x509 is pure"),
    ("lib/export/text.cc", "#include <sys/stat.h>\n", "export is pure"),
    ("lib/base/text.cc", "#include <ctime>\n", "base is pure"),
    ("lib/diagnosis/text.cc", "#include <cstdlib>\n", "diagnosis is pure"),
    ("lib/ossl/check.cc", '#include "ossl/check.h"\n\n#include <unistd.h>\n', "ossl is pure"),
    ("lib/x509/pem.cc", "const auto now = std::chrono::system_clock::now();\n", "system_clock: x509 asks no clock"),
    ("lib/files/folder.cc", "const auto now = std::chrono::steady_clock::now();\n", "steady_clock: files asks no clock"),
    ("lib/service/authority.cc", "const auto now = std::chrono::system_clock::now();\n", "system_clock: service asks no clock"),
    ("lib/custody/sealed_vault.cc", 'const char* home = std::getenv("HOME");\n', "getenv: custody asks no clock and no environment"),
    ("include/spaceca/files.h", "#pragma once\nusing Time = std::chrono::system_clock;\n", "system_clock: files asks no clock"),
    # how it is written
    ("examples/quickstart.cc", '#include "base/hex.h"\n', "they include <spaceca/…> alone"),
    ("examples/quickstart.cc", "#include <base/hex.h>\n", "from lib/ alone"),
    ("lib/x509/pem.cc", "#include <base/hex.h>\n", "headers of lib/ are included as"),
    ("lib/x509/pem.cc", '#include "hex.h"\n', "is no file of lib/"),
    ("lib/x509/pem.cc", '#include "../base/hex.h"\n', "no path"),
    ("lib/store/migrations.cc", '#include "schema/002_more.inc"\n', "is no file of lib/"),
    ("lib/x509/pem.cc", '#include "schema/001_initial.inc"\n', "no arrow from x509 to store"),
    ("lib/x509/pem.cc", "#include HEADER\n", "neither <…> nor"),
    ("lib/strange/new.cc", "#include <vector>\n", "lib/strange stands in no arrow"),
    # SQL
    ("lib/service/space.cc", 'auto rows = tx.execute("SELECT id FROM spaces");\n', "SQL in service"),
    ("lib/custody/sealed_vault.cc", 'run("UPDATE vault_wraps SET method = $1");\n', "SQL in custody"),
    # the order of the lines
    ("lib/base/hex.cc", '#include <array>\n\n#include "base/hex.h"\n', "base/hex.h comes first and alone"),
    ("lib/x509/issuer.cc", "#include <memory>\n\n#include <spaceca/issuer.h>\n", "spaceca/issuer.h comes first and alone"),
    ("lib/base/utf8.cc", '#include <array>\n#include "base/hex.h"\n', "a blank line between standard and lib/"),
    ("lib/x509/pem.cc", "#include <vector>\n#include <array>\n", "standard: not sorted"),
    ("lib/x509/pem.cc", "#include <array>\n\n#include <vector>\n", "one group for standard"),
    ("lib/x509/pem.cc", "#include <openssl/evp.h>\n\n#include <array>\n", "standard before other libraries"),
    ("lib/x509/pem.cc", "#include <array>\n#include <openssl/evp.h>\n", "a blank line between standard and other libraries"),
    ("lib/x509/pem.cc", '#include <vector>\n\n#include "base/hex.h"\n\n#include <spaceca/bytes.h>\n', "<spaceca/…> before lib/"),
]


class Includes(unittest.TestCase):
    def complaints(self, **changed):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**GOOD, **changed}.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return includes.complaints(folder)[0]

    def test_nothing_is_said_of_a_good_tree(self):
        self.assertEqual(self.complaints(), [])

    def test_each_bad_line_is_found_and_nothing_else(self):
        for name, text, words in BAD:
            with self.subTest(file=name, text=text):
                found = self.complaints(**{name: text})
                self.assertEqual(len(found), 1, found)
                self.assertIn(words, found[0])
                self.assertTrue(found[0].startswith(name + ":"), found[0])


if __name__ == "__main__":
    unittest.main()
