#!/usr/bin/env python3
"""generate.py: writes wraps.tsv, rows.tsv and codes.tsv beside it, the vectors of the sealed vault, without any code of ours.

Made with hashlib, hmac and python3-cryptography from the formats that stand in lib/custody/store_key.h, sealer.h and sealed_vault.cc.
Everything in them is fixed, so that another run writes the same octets. One store key for all:

    SHA-256("store key of the vectors")

wraps.tsv   name, what opens it (passphrase or key_file), its octets, what becomes of it, the row of vault_wraps as SQL
rows.tsv    space, row, purpose as text, public key, secret, sealed
codes.tsv   message, code
"""
import hashlib
import hmac
import pathlib

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = pathlib.Path(__file__).parent
STORE_KEY = hashlib.sha256(b"store key of the vectors").digest()
KEY_FILE = bytes(range(32))
NOW = 1795514400  # 2026-11-24T10:00:00Z


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def nonce_for(*what):
    return hashlib.sha256(repr(what).encode()).digest()[:12]


def sealed(key, bound_to, secret, form=1):
    nonce = nonce_for(key, bound_to, secret)
    return bytes([form]) + nonce + AESGCM(key).encrypt(nonce, secret, bound_to)


def number(value):
    return (value % 2**64).to_bytes(8, "big")


class Wrap:
    """A row of vault_wraps; a field may be changed before or after it is sealed and summed up."""

    def __init__(self, passphrase=None, key_file=None, n=16, r=8, p=1, salt=bytes(range(100, 116)), at=1, cost=None):
        self.passphrase, self.key_file = passphrase, key_file
        self.number, self.created_at = at, NOW
        self.method = "key_file" if passphrase is None else "passphrase"
        self.n, self.r, self.p, self.salt = (n, r, p, salt) if passphrase is not None else (0, 0, 0, b"")
        if passphrase is not None:
            n, r, p = cost or (n, r, p)  # that the key is derived with, where the row's cannot be
            self.key = hashlib.scrypt(passphrase, salt=salt, n=n, r=r, p=p, maxmem=2**28, dklen=32)
        else:
            self.key = key_file
        self.seal()

    def head(self):
        method = 1 if self.method == "passphrase" else 2
        return (b"\x01" + number(self.number) + bytes([method]) + number(self.n) + number(self.r) + number(self.p)
                + number(self.created_at) + number(len(self.salt)) + self.salt)

    def seal(self, form=1):
        self.sealed_key = sealed(mac(self.key, b"spaceca wrap seal 1"), self.head(), STORE_KEY, form)
        self.key_check = mac(self.key, b"spaceca wrap check 1")
        return self.sum_up()

    def sum_up(self):
        self.checksum = hashlib.sha256(self.head() + self.key_check + self.sealed_key).digest()
        return self

    def but(self, **fields):
        """Changed by somebody who knows how the checksum is made, and no key."""
        for name, value in fields.items():
            setattr(self, name, value)
        return self.sum_up()

    def sql(self):
        of_passphrase = [f"x'{self.salt.hex()}'", self.n, self.r, self.p] if self.method == "passphrase" else ["NULL"] * 4
        values = [self.number, f"'{self.method}'", *of_passphrase, f"x'{self.key_check.hex()}'", f"x'{self.sealed_key.hex()}'",
                  f"x'{self.checksum.hex()}'", self.created_at]
        return f"INSERT INTO vault_wraps VALUES ({', '.join(map(str, values))});"


def wraps():
    word = b"correct horse"
    small = (16, 8, 1)
    other = Wrap(b"another one")
    yield "passphrase", "opens", Wrap(word)
    yield "passphrase as we make it", "opens", Wrap(word, n=2**17)
    yield "passphrase with a zero octet", "opens", Wrap(b"a\0b")
    yield "passphrase that is no text", "opens", Wrap(b"\xff\xfe\x80")
    yield "passphrase, number 2", "opens", Wrap(word, at=2)
    yield "least cost", "opens", Wrap(word, n=2, r=1, p=1)
    yield "longest salt", "opens", Wrap(word, salt=bytes(64))
    yield "key file", "opens", Wrap(key_file=KEY_FILE)
    yield "key file, number 2", "opens", Wrap(key_file=KEY_FILE, at=2)
    # The checksum agrees: who writes the store makes it so.
    for name, cost in {
        "more memory": (2**18, 8, 1),
        "far more memory": (2**40, 8, 1),
        "a wide r": (2, 2**20 + 1, 1),
        "more work": (2**17, 8, 5),
        "a large p": (2, 1, 2**23),
        "all the work there is": (2**62, 2**62, 2**62),
        "a product of 2^64": (2**22, 2**21, 2**21),
        "an N that is no power of two": (24, 8, 1),
        "an N that is too large for its r": (2**16, 1, 1),
        "an N of one": (1, 8, 1),
        "an N of none": (0, 8, 1),
        "an r of none": (16, 0, 1),
        "a p of none": (16, 8, 0),
        "a negative N": (-(2**63), 8, 1),
        "a negative r": (16, -8, 1),
        "a negative p": (16, 8, -1),
    }.items():
        n, r, p = cost
        yield name, "policy", Wrap(word, n=n, r=r, p=p, cost=small)
    yield "a longer salt", "policy", Wrap(word, salt=bytes(65))
    yield "another number", "corrupt", Wrap(word).but(number=2)
    yield "another date", "corrupt", Wrap(word).but(created_at=NOW + 1)
    yield "another's seal", "corrupt", Wrap(word).but(sealed_key=other.sealed_key)
    yield "another format", "corrupt", Wrap(word).seal(form=2)
    yield "a shorter seal", "corrupt", Wrap(word).but(sealed_key=Wrap(word).sealed_key[:-1])
    yield "a longer seal", "corrupt", Wrap(word).but(sealed_key=Wrap(word).sealed_key + b"\0")
    yield "a shorter check", "corrupt", Wrap(word).but(key_check=Wrap(word).key_check[:-1])
    yield "the check of another", "passphrase_wrong", Wrap(word).but(key_check=other.key_check)
    yield "another salt", "passphrase_wrong", Wrap(word).but(salt=bytes(16))
    yield "less work", "passphrase_wrong", Wrap(word).but(n=2)


def rows():
    space, row = bytes(range(16)), bytes(range(16, 32))
    spki = hashlib.sha256(b"not a key, but nobody looks").digest()
    row_key = mac(STORE_KEY, b"spaceca rows 1")
    for purpose, public_key, secret in [
        ("url", b"", b"postgres://app:secret@db.example/app"),
        ("root key", spki, b"a root key"),
        ("certificate key", spki, bytes(range(256)) * 10),
        ("admin url", b"", b""),
        ("p" * 255, b"", b"of a long purpose"),
    ]:
        bound_to = b"\x01" + space + row + bytes([len(purpose)]) + purpose.encode() + hashlib.sha256(public_key).digest()
        yield space, row, purpose, public_key, secret, sealed(row_key, bound_to, secret)


def codes():
    code_key = mac(STORE_KEY, b"spaceca codes 1")
    for message in [b"", b"abc", bytes(64), b"a row of the audit chain" * 100]:
        yield message, mac(code_key, message)


def write(name, lines):
    text = "".join("\t".join(cell.hex() if isinstance(cell, bytes) else cell for cell in line) + "\n" for line in lines)
    (HERE / name).write_text(text, encoding="ascii")


write("wraps.tsv", ((name, wrap.method, wrap.passphrase or wrap.key_file, outcome, wrap.sql()) for name, outcome, wrap in wraps()))
write("rows.tsv", rows())
write("codes.tsv", codes())
