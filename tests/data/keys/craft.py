#!/usr/bin/env python3
"""DER and PEM surgery for generate.sh; not to be run by hand.

    craft.py WORK OUT

WORK holds keys, certificates and requests that the openssl command made (see
generate.sh). This script takes them apart and puts them together again in the
ways that the openssl command cannot or will not, and writes

    OUT/good/NAME.pem     to be accepted; generate.sh then asks openssl for NAME.p8
    OUT/bad/NAME.pem      to be refused
    OUT/bad/expect.tsv    file, passphrase, class, what is wrong (tabs between)
    WORK/v1/NAME.pem      for a good/NAME.pem that OpenSSL 3.0 itself refuses
                          (PKCS#8 v2): the same key as v1, to make the oracle from

Only the standard library is used, and none of the DER below goes through the
code under test: an encoder that shares its mistakes with the decoder proves
nothing. What openssl says of a file is noted as "openssl:"; seen with 3.0.22.
"""
import base64
import hashlib
import math
import os
import subprocess
import sys

WORK, OUT = sys.argv[1], sys.argv[2]
OPENSSL = os.environ.get("OPENSSL", "openssl")
PASSPHRASE = "correct horse"
WRONG = "wrong horse"
NONE = "-none-"  # how expect.tsv says "no passphrase given"

# ---------------------------------------------------------------- DER


def length(n):
    if n < 128:
        return bytes([n])
    b = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(b)]) + b


def tlv(tag, *content):
    body = b"".join(content)
    return bytes([tag]) + length(len(body)) + body


def seq(*content):
    return tlv(0x30, *content)


def integer(n):
    if n >= 0:
        return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))
    return tlv(2, n.to_bytes((-n - 1).bit_length() // 8 + 1, "big", signed=True))


def octets(b):
    return tlv(4, b)


def bits(b, unused=0):
    return tlv(3, bytes([unused]) + b)


def oid(dotted):
    arcs = [int(a) for a in dotted.split(".")]
    out = bytes([arcs[0] * 40 + arcs[1]])
    for v in arcs[2:]:
        chunk = [v & 127]
        v >>= 7
        while v:
            chunk.append(128 | (v & 127))
            v >>= 7
        out += bytes(reversed(chunk))
    return tlv(6, out)


def indefinite(tag, content):
    return bytes([tag, 0x80]) + content + b"\0\0"


def long_form(der):
    """The same TLV with one more length octet than it needs."""
    content = read(der)[1]
    n = len(content)
    b = n.to_bytes((n.bit_length() + 7) // 8, "big")
    if n >= 128:
        b = b"\0" + b
    return bytes([der[0], 0x80 | len(b)]) + b + content


def read(b, at=0):
    """(tag, content, end) of the DER value at this offset."""
    tag, n = b[at], b[at + 1]
    at += 2
    if n & 128:
        k = n & 127
        n = int.from_bytes(b[at:at + k], "big")
        at += k
    return tag, b[at:at + n], at + n


def parts(der):
    """The values inside a constructed value, each as its whole encoding."""
    content = read(der)[1]
    at, out = 0, []
    while at < len(content):
        end = read(content, at)[2]
        out.append(content[at:end])
        at = end
    return out


NULL = b"\5\0"
OID_EC = oid("1.2.840.10045.2.1")
OID_RSA = oid("1.2.840.113549.1.1.1")
OID_ED25519 = oid("1.3.101.112")
P256 = oid("1.2.840.10045.3.1.7")
P384 = oid("1.3.132.0.34")
ALG_RSA = seq(OID_RSA, NULL)
ALG_ED = seq(OID_ED25519)
# One attribute as PKCS#12 tools put it into a key: friendlyName.
ATTRIBUTES = tlv(0xA0, seq(oid("1.2.840.113549.1.9.20"),
                           tlv(0x31, tlv(0x1E, "a key".encode("utf-16-be")))))

# ---------------------------------------------------------------- PEM


def pem(label, der, width=64):
    text = base64.b64encode(der).decode()
    lines = [text[i:i + width] for i in range(0, len(text), width)]
    return armour(label, lines)


def armour(label, lines, end=None):
    return "\n".join([f"-----BEGIN {label}-----", *lines,
                      f"-----END {end or label}-----", ""])


def body(text):
    """The base64 lines of the first block in this text."""
    lines = text.splitlines()
    first = next(i for i, l in enumerate(lines) if l.startswith("-----BEGIN"))
    last = next(i for i, l in enumerate(lines) if l.startswith("-----END"))
    return lines[first + 1:last]


def work_bytes(name):
    with open(os.path.join(WORK, name), "rb") as f:
        return f.read()


def work_text(name):
    return work_bytes(name).decode()


def put(path, content):
    if isinstance(content, str):
        content = content.encode()
    assert not os.path.exists(path), path
    with open(path, "wb") as f:
        f.write(content)


def good(name, content, v1=None):
    put(f"{OUT}/good/{name}.pem", content)
    if v1 is not None:
        put(f"{WORK}/v1/{name}.pem", v1)


expected = []


def bad(name, cls, why, content, passphrase=""):
    put(f"{OUT}/bad/{name}.pem", content)
    expected.append((f"bad/{name}.pem", passphrase, cls, why))


# ---------------------------------------------------------------- openssl


def openssl(*args, stdin=None):
    return subprocess.run([OPENSSL, *args], input=stdin, check=True,
                          stdout=subprocess.PIPE).stdout


def aes256_cbc(key, iv, plain):
    return openssl("enc", "-e", "-aes-256-cbc", "-K", key.hex(), "-iv", iv.hex(), stdin=plain)


OID_PBES2 = oid("1.2.840.113549.1.5.13")
OID_PBKDF2 = oid("1.2.840.113549.1.5.12")
OID_SCRYPT = oid("1.3.6.1.4.1.11591.4.11")
OID_HMAC_SHA1 = oid("1.2.840.113549.2.7")
OID_HMAC_SHA256 = oid("1.2.840.113549.2.9")
OID_AES256_CBC = oid("2.16.840.1.101.3.4.1.42")


def pbes2(kdf, cipher, data):
    return seq(seq(OID_PBES2, seq(kdf, cipher)), octets(data))


def pbkdf2(salt, iterations, *rest):
    return seq(OID_PBKDF2, seq(octets(salt), integer(iterations), *rest))


def encrypt_pkcs8(plain, iterations=2048):
    """EncryptedPrivateKeyInfo around any octets, PBKDF2-HMAC-SHA256 and AES-256-CBC."""
    salt, iv = os.urandom(16), os.urandom(16)
    key = hashlib.pbkdf2_hmac("sha256", PASSPHRASE.encode(), salt, iterations, 32)
    return pbes2(pbkdf2(salt, iterations, seq(OID_HMAC_SHA256, NULL)),
                 seq(OID_AES256_CBC, octets(iv)), aes256_cbc(key, iv, plain))


def encrypt_traditional(label, plain):
    """Proc-Type/DEK-Info block around any octets: EVP_BytesToKey with MD5, AES-256-CBC."""
    iv = os.urandom(16)
    d1 = hashlib.md5(PASSPHRASE.encode() + iv[:8]).digest()
    d2 = hashlib.md5(d1 + PASSPHRASE.encode() + iv[:8]).digest()
    text = pem(label, aes256_cbc(d1 + d2, iv, plain)).splitlines()
    text[1:1] = ["Proc-Type: 4,ENCRYPTED", f"DEK-Info: AES-256-CBC,{iv.hex().upper()}", ""]
    return "\n".join(text) + "\n"


# ---------------------------------------------------------------- EC


class Curve:
    def __init__(self, name, named, size, p, b, n, gx, gy, seed):
        self.name, self.named, self.size = name, named, size
        self.p, self.a, self.b, self.n, self.seed = p, p - 3, b, n, bytes.fromhex(seed)
        self.g = b"\4" + gx.to_bytes(size, "big") + gy.to_bytes(size, "big")
        self.alg = seq(OID_EC, named)

    def explicit(self, seed=True, cofactor=True, generator=None, order=None):
        """SpecifiedECDomain of SEC 1 C.2."""
        curve = [octets(self.a.to_bytes(self.size, "big")), octets(self.b.to_bytes(self.size, "big"))]
        if seed:
            curve.append(bits(self.seed))
        rest = [octets(generator or self.g), integer(order or self.n)]
        if cofactor:
            rest.append(integer(1))
        return seq(integer(1), seq(oid("1.2.840.10045.1.1"), integer(self.p)), seq(*curve), *rest)


CURVE256 = Curve(
    "p256", P256, 32,
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    "C49D360886E704936A6678E1139D26B7819F7E90")
CURVE384 = Curve(
    "p384", P384, 48,
    int("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "FFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF", 16),
    int("B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE814112"
        "0314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF", 16),
    int("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
    int("AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B98"
        "59F741E082542A385502F25DBF55296C3A545E3872760AB7", 16),
    int("3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147C"
        "E9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F", 16),
    "A335926AA319A27A1D00896A6773A4827ACDAC73")


def compressed(point):
    return bytes([2 + (point[-1] & 1)]) + point[1:1 + len(point) // 2]


def hybrid(point):
    return bytes([6 + (point[-1] & 1)]) + point[1:]


class ECKey:
    """A key as openssl wrote it (SEC1 DER)."""

    def __init__(self, curve, name):
        self.curve = curve
        p = parts(work_bytes(name))
        self.d, self.q = read(p[1])[1], read(parts(p[3])[0])[1][1:]
        assert len(self.d) == curve.size and len(self.q) == 2 * curve.size + 1

    def private(self, params=None, public=True, d=None, version=1, tail=b""):
        """ECPrivateKey; params is the encoded ECParameters, public True, None or a point."""
        point = self.q if public is True else public
        return seq(integer(version), octets(self.d if d is None else d),
                   tlv(0xA0, params) if params else b"",
                   tlv(0xA1, bits(point)) if point else b"", tail)

    def sec1(self, **kw):
        kw.setdefault("params", self.curve.named)
        return pem("EC PRIVATE KEY", self.private(**kw))

    def pkcs8(self, inner=None, **kw):
        return pkcs8(self.curve.alg, self.private() if inner is None else inner, **kw)


def pkcs8_der(alg, inner, version=0, tail=b""):
    return seq(integer(version) if isinstance(version, int) else version, alg, octets(inner), tail)


def pkcs8(alg, inner, **kw):
    return pem("PRIVATE KEY", pkcs8_der(alg, inner, **kw))


def public_v2(b):
    """RFC 5958 publicKey: [1] IMPLICIT BIT STRING, for the module has IMPLICIT TAGS."""
    return tlv(0x81, b"\0" + b)


def ec_good():
    for curve in (CURVE256, CURVE384):
        n = curve.name
        k = ECKey(curve, f"{n}.der")
        # openssl: adds no public point where there was none, in either container.
        good(f"{n}-sec1-no-public", k.sec1(public=None))
        good(f"{n}-pkcs8-no-public", k.pkcs8(k.private(public=None)))
        # openssl: drops the inner parameters.
        good(f"{n}-pkcs8-inner-params", k.pkcs8(k.private(params=curve.named)))
        good(f"{n}-pkcs8-inner-params-no-public",
             k.pkcs8(k.private(params=curve.named, public=None)))
        # openssl: drops the attributes.
        good(f"{n}-pkcs8-attributes", k.pkcs8(tail=ATTRIBUTES))
        # openssl: takes version 1 as long as no [1] follows, and writes 0; RFC 5958 2 gives version 1 to keys
        # with a [1] alone, and one bit flipped in a version 0 key looks like this.
        bad(f"{n}-pkcs8-version1-no-v2-public", "malformed", "version 1 without the [1] that it is for", k.pkcs8(version=1))
        # openssl: refuses every v2 key with its [1]; the oracle is the same inner key as v1.
        v2 = public_v2(k.q)
        good(f"{n}-pkcs8-v2", k.pkcs8(version=1, tail=v2), v1=k.pkcs8())
        good(f"{n}-pkcs8-v2-attributes", k.pkcs8(version=1, tail=ATTRIBUTES + v2), v1=k.pkcs8())
        bare = k.private(public=None)
        good(f"{n}-pkcs8-v2-no-inner-public", k.pkcs8(bare, version=1, tail=v2), v1=k.pkcs8(bare))
        # openssl: writes the point in the form it found, in the named-curve and the explicit case.
        good(f"{n}-pkcs8-compressed", k.pkcs8(k.private(public=compressed(k.q))))
        # Hybrid too; but RFC 5480 2.2 forbids that form, and one bit flipped in an uncompressed point looks like it.
        bad(f"{n}-pkcs8-hybrid", "malformed", "public point in the hybrid form", k.pkcs8(k.private(public=hybrid(k.q))))
        bad(f"{n}-sec1-hybrid", "malformed", "public point in the hybrid form", k.sec1(public=hybrid(k.q)))
        # openssl: writes explicit parameters again as explicit ones, but from its own table of the
        # curve it recognised: the cofactor is added, the generator is always uncompressed; a seed
        # is written only if the file had one.
        for what, params in (("", curve.explicit()), ("-no-seed", curve.explicit(seed=False)),
                             ("-no-cofactor", curve.explicit(cofactor=False)),
                             ("-compressed-generator", curve.explicit(generator=compressed(curve.g)))):
            good(f"{n}-pkcs8-explicit{what}", pkcs8(seq(OID_EC, params), k.private()))
            if what:
                good(f"{n}-sec1-explicit{what}", k.sec1(params=params))
        good(f"{n}-sec1-explicit-compressed", k.sec1(params=curve.explicit(), public=compressed(k.q)))
        good(f"{n}-sec1-explicit-no-public", k.sec1(params=curve.explicit(), public=None))
        good(f"{n}-pkcs8-explicit-inner-params",
             pkcs8(seq(OID_EC, curve.explicit()), k.private(params=curve.explicit())))

        # A scalar that begins with a zero octet. OpenSSL before 1.0.0 wrote it without; 3.0 reads
        # that, and any number of zeros before it, and always writes the full width.
        z = ECKey(curve, f"{n}-zero.der")
        assert z.d[0] == 0
        short = z.d.lstrip(b"\0")
        good(f"{n}-sec1-zero-scalar", z.sec1())
        good(f"{n}-pkcs8-zero-scalar", z.pkcs8())
        good(f"{n}-sec1-zero-scalar-stripped", z.sec1(d=short))
        good(f"{n}-sec1-zero-scalar-stripped-no-public", z.sec1(d=short, public=None))
        good(f"{n}-pkcs8-zero-scalar-stripped", z.pkcs8(z.private(d=short)))
        good(f"{n}-sec1-scalar-one-octet-more", k.sec1(d=b"\0" + k.d))
        # The ends of the range of scalars.
        good(f"{n}-sec1-scalar-1", k.sec1(d=(1).to_bytes(curve.size, "big"), public=curve.g))
        good(f"{n}-sec1-scalar-n-1", k.sec1(d=(curve.n - 1).to_bytes(curve.size, "big"), public=None))
    # Coordinates that begin with a zero octet, as they are and where they must be worked out.
    for c in "xy":
        z = ECKey(CURVE256, f"p256-zero-{c}.der")
        good(f"p256-pkcs8-zero-{c}", z.pkcs8())
        good(f"p256-pkcs8-zero-{c}-compressed", z.pkcs8(z.private(public=compressed(z.q))))


def ec_bad():
    for curve in (CURVE256, CURVE384):
        n, size = curve.name, curve.size
        k, o = ECKey(curve, f"{n}.der"), ECKey(curve, f"{n}-other.der")
        # openssl: takes every well-formed point of another key.
        bad(f"{n}-sec1-other-public", "mismatch", "public point of another key", k.sec1(public=o.q))
        bad(f"{n}-sec1-other-public-compressed", "mismatch", "compressed public point of another key",
            k.sec1(public=compressed(o.q)))
        minus = bytes([k.q[0]]) + k.q[1:size + 1] + (curve.p - int.from_bytes(k.q[size + 1:], "big")).to_bytes(size, "big")
        bad(f"{n}-sec1-negated-public", "mismatch", "public point negated: x agrees, y does not", k.sec1(public=minus))
        bad(f"{n}-sec1-negated-public-compressed", "mismatch", "compressed public point with the other sign",
            k.sec1(public=compressed(minus)))
        bad(f"{n}-pkcs8-other-public", "mismatch", "inner public point of another key", k.pkcs8(k.private(public=o.q)))
        bad(f"{n}-pkcs8-v2-other-public", "mismatch", "v2 public key of another key, inner one right",
            k.pkcs8(version=1, tail=public_v2(o.q)))
        bad(f"{n}-pkcs8-v2-other-inner-public", "mismatch", "inner public point of another key, v2 one right",
            k.pkcs8(k.private(public=o.q), version=1, tail=public_v2(k.q)))
        bad(f"{n}-pkcs8-v2-other-public-no-inner", "mismatch", "v2 public key of another key, no inner one",
            k.pkcs8(k.private(public=None), version=1, tail=public_v2(o.q)))
        off = k.q[:-1] + bytes([k.q[-1] ^ 1])
        # openssl: refuses.
        bad(f"{n}-sec1-off-curve", "mismatch", "public point not on the curve", k.sec1(public=off))
        bad(f"{n}-pkcs8-off-curve", "mismatch", "inner public point not on the curve", k.pkcs8(k.private(public=off)))
        # openssl: takes any scalar of up to that many octets, 0 and n too.
        for what, v in (("0", 0), ("n", curve.n), ("over-n", curve.n + 5), ("max", 256 ** size - 1)):
            d = v.to_bytes(size, "big")
            bad(f"{n}-sec1-scalar-{what}", "malformed", f"scalar out of range: {what}", k.sec1(d=d, public=None))
            bad(f"{n}-pkcs8-scalar-{what}", "malformed", f"scalar out of range: {what}", k.pkcs8(k.private(d=d, public=None)))
        bad(f"{n}-sec1-scalar-over-n-public-agrees", "malformed", "scalar n+1 with the public point of 1",
            k.sec1(d=(curve.n + 1).to_bytes(size, "big"), public=curve.g))
        bad(f"{n}-sec1-scalar-empty", "malformed", "scalar of no octets", k.sec1(d=b"", public=None))
        bad(f"{n}-sec1-scalar-too-wide", "malformed", "scalar with one significant octet too many",
            k.sec1(d=b"\1" + k.d, public=None))

    k, o = ECKey(CURVE256, "p256.der"), ECKey(CURVE256, "p256-other.der")
    inner = k.private()
    bad("p256-sec1-hybrid-wrong-parity", "mismatch", "hybrid point whose first octet tells the other parity",
        k.sec1(public=bytes([hybrid(k.q)[0] ^ 1]) + k.q[1:]))
    bad("p256-sec1-infinity", "malformed", "public point at infinity", k.sec1(public=b"\0"))
    bad("p256-sec1-public-short", "malformed", "public point one octet short", k.sec1(public=k.q[:-1]))
    bad("p256-sec1-public-empty", "malformed", "public BIT STRING with no octets at all",
        pem("EC PRIVATE KEY", seq(integer(1), octets(k.d), tlv(0xA0, P256), tlv(0xA1, tlv(3)))))
    bad("p256-sec1-public-form-5", "malformed", "public point with an unknown first octet", k.sec1(public=b"\5" + k.q[1:]))
    # openssl: takes this one and masks the unused bit.
    bad("p256-sec1-public-unused-bits", "malformed", "public BIT STRING with unused bits",
        pem("EC PRIVATE KEY", seq(integer(1), octets(k.d), tlv(0xA0, P256),
                                  tlv(0xA1, bits(k.q[:-1] + bytes([k.q[-1] & 0xFE]), 1)))))
    # openssl: takes any ECPrivateKey version and writes it again as it was.
    bad("p256-sec1-version-0", "malformed", "ECPrivateKey version 0", k.sec1(version=0))
    bad("p256-sec1-version-2", "malformed", "ECPrivateKey version 2", k.sec1(version=2))
    bad("p256-pkcs8-inner-version-0", "malformed", "inner ECPrivateKey version 0", k.pkcs8(k.private(version=0)))
    # openssl: takes any PKCS#8 version and writes 0.
    bad("p256-pkcs8-version-2", "malformed", "PKCS#8 version INTEGER 2", k.pkcs8(version=2))
    bad("p256-pkcs8-version-minus-1", "malformed", "PKCS#8 version INTEGER -1", k.pkcs8(version=-1))
    bad("p256-pkcs8-v1-with-public", "malformed", "version 0 but with the [1] of v2", k.pkcs8(tail=public_v2(k.q)))
    bad("p256-pkcs8-v2-order", "malformed", "[1] publicKey before [0] attributes",
        k.pkcs8(version=1, tail=public_v2(k.q) + ATTRIBUTES))
    bad("p256-pkcs8-v2-public-twice", "malformed", "[1] publicKey twice", k.pkcs8(version=1, tail=public_v2(k.q) * 2))
    bad("p256-pkcs8-attributes-garbage", "malformed", "[0] attributes that hold an INTEGER",
        k.pkcs8(tail=tlv(0xA0, integer(5))))
    bad("p256-sec1-extra-element", "malformed", "an element after the last one", k.sec1(tail=NULL))
    bad("p256-pkcs8-extra-element", "malformed", "an element after the last one", k.pkcs8(tail=NULL))
    bad("p256-pkcs8-inner-extra-element", "malformed", "an element after the last one of the inner key",
        k.pkcs8(k.private(tail=NULL)))

    # Curves. openssl: refuses without a curve, even with an EC PARAMETERS block before the key.
    bad("p256-sec1-no-curve", "curve", "SEC1 that names no curve", k.sec1(params=None))
    bad("p256-pkcs8-no-curve", "curve", "curve parameters absent", pkcs8(seq(OID_EC), k.private()))
    bad("p256-pkcs8-no-curve-but-inner", "curve", "curve only inside the inner key", pkcs8(seq(OID_EC), k.private(params=P256)))
    bad("p256-pkcs8-null-curve", "curve", "implicitlyCA: curve parameters NULL", pkcs8(seq(OID_EC, NULL), k.private()))
    bad("p256-pkcs8-inner-params-other", "mismatch", "inner parameters name another curve", k.pkcs8(k.private(params=P384)))
    # openssl: takes this one, as a P-384 key.
    bad("p256-pkcs8-inner-params-other-no-public", "mismatch", "inner parameters name another curve, no public point",
        k.pkcs8(k.private(params=P384, public=None)))
    # openssl: takes these two, as some unnamed curve. (With a generator of one's own choosing any
    # public point has a known private key: CVE-2020-0601.)
    bad("p256-explicit-other-generator", "curve", "explicit parameters of P-256 but for the generator",
        k.sec1(params=CURVE256.explicit(generator=o.q), public=None))
    bad("p256-explicit-other-order", "curve", "explicit parameters of P-256 but for the order",
        k.sec1(params=CURVE256.explicit(order=CURVE256.n - 2), public=None))
    # openssl: refuses.
    bad("p256-pkcs8-id-ecdh", "algorithm", "EC key under id-ecDH", pkcs8(seq(oid("1.3.132.1.12"), P256), inner))

    # BER and other departures from DER. openssl: takes all but the INTEGERs that are not minimal.
    der, sec1 = pkcs8_der(CURVE256.alg, inner), k.private(params=P256)
    ber = "indefinite length"
    bad("p256-pkcs8-ber-outer", "malformed", f"{ber} outside", pem("PRIVATE KEY", indefinite(0x30, read(der)[1])))
    bad("p256-pkcs8-ber-algorithm", "malformed", f"{ber} of the AlgorithmIdentifier", pkcs8(indefinite(0x30, OID_EC + P256), inner))
    bad("p256-pkcs8-ber-octets", "malformed", f"constructed OCTET STRING of {ber}",
        pem("PRIVATE KEY", seq(integer(0), CURVE256.alg, indefinite(0x24, octets(inner)))))
    bad("p256-pkcs8-ber-octets-pieces", "malformed", "constructed OCTET STRING of definite length",
        pem("PRIVATE KEY", seq(integer(0), CURVE256.alg, tlv(0x24, octets(inner[:50]), octets(inner[50:])))))
    bad("p256-pkcs8-ber-inner", "malformed", f"{ber} of the inner key", k.pkcs8(indefinite(0x30, read(inner)[1])))
    bad("p256-sec1-ber", "malformed", f"{ber} outside", pem("EC PRIVATE KEY", indefinite(0x30, read(sec1)[1])))
    bad("p256-pkcs8-long-length", "malformed", "outer length in one octet more than needed", pem("PRIVATE KEY", long_form(der)))
    bad("p256-pkcs8-long-length-octets", "malformed", "length of the OCTET STRING in long form where short fits",
        pem("PRIVATE KEY", seq(integer(0), CURVE256.alg, long_form(octets(inner)))))
    bad("p256-pkcs8-long-length-inner", "malformed", "inner length in long form where short fits", k.pkcs8(long_form(inner)))
    bad("p256-sec1-long-length", "malformed", "outer length in long form where short fits", pem("EC PRIVATE KEY", long_form(sec1)))
    bad("p256-sec1-long-length-scalar", "malformed", "length of the scalar in long form where short fits",
        pem("EC PRIVATE KEY", seq(integer(1), long_form(octets(k.d)), tlv(0xA0, P256))))
    bad("p256-pkcs8-version-not-minimal", "malformed", "version INTEGER in two octets", k.pkcs8(version=b"\2\2\0\0"))
    bad("p256-pkcs8-version-empty", "malformed", "version INTEGER of no octets", k.pkcs8(version=b"\2\0"))
    bad("p256-sec1-version-not-minimal", "malformed", "version INTEGER in two octets",
        pem("EC PRIVATE KEY", seq(b"\2\2\0\1", octets(k.d), tlv(0xA0, P256))))

    # Octets after the DER. openssl: takes them all and drops them.
    z = b"\0"
    bad("p256-sec1-trailing", "trailing", "an octet after the key", pem("EC PRIVATE KEY", sec1 + z))
    bad("p256-sec1-trailing-key", "trailing", "the key twice in one block", pem("EC PRIVATE KEY", sec1 + sec1))
    bad("p256-pkcs8-trailing", "trailing", "an octet after the key", pem("PRIVATE KEY", der + z))
    bad("p256-pkcs8-trailing-inner", "trailing", "an octet after the inner key", k.pkcs8(inner + z))
    bad("p256-pkcs8-v2-trailing", "trailing", "an octet after the key",
        pem("PRIVATE KEY", pkcs8_der(CURVE256.alg, inner, version=1, tail=public_v2(k.q)) + z))

    # Cut short, or with lengths that lie.
    for cut in (1, 2, 8, 40, len(der) - 1):
        bad(f"p256-pkcs8-cut-{cut}", "malformed", f"DER cut after {cut} octets", pem("PRIVATE KEY", der[:cut]))
    for cut in (2, 30, len(sec1) - 1):
        bad(f"p256-sec1-cut-{cut}", "malformed", f"DER cut after {cut} octets", pem("EC PRIVATE KEY", sec1[:cut]))
    bad("p256-pkcs8-length-huge", "malformed", "outer length of 2^32-1", pem("PRIVATE KEY", b"\x30\x84\xff\xff\xff\xff" + read(der)[1]))
    bad("p256-pkcs8-length-overflow", "malformed", "outer length in nine octets",
        pem("PRIVATE KEY", b"\x30\x89" + b"\xff" * 9 + read(der)[1]))
    bad("p256-pkcs8-inner-length-over", "malformed", "inner length that reaches past the OCTET STRING",
        k.pkcs8(inner[:1] + bytes([inner[1] + 4]) + inner[2:]))
    bad("p256-pkcs8-inner-empty", "malformed", "empty private key OCTET STRING", k.pkcs8(b""))
    bad("p256-pkcs8-inner-not-sequence", "malformed", "private key OCTET STRING holds the bare scalar", k.pkcs8(k.d))
    bad("empty-block", "malformed", "nothing between BEGIN and END", armour("PRIVATE KEY", []))
    bad("not-der", "malformed", "base64 of plain text", pem("PRIVATE KEY", b"this is not DER but a line of text\n"))


# ---------------------------------------------------------------- RSA

FIELDS = ["n", "e", "d", "p", "q", "dp", "dq", "qinv"]


class RSAKey:
    """A key as openssl wrote it (PKCS#1 DER)."""

    def __init__(self, name):
        self.der = work_bytes(name)
        p = parts(self.der)
        self.version = int.from_bytes(read(p[0])[1], "big")
        self.v = dict(zip(FIELDS, (int.from_bytes(read(x)[1], "big") for x in p[1:9])))
        self.others = p[9] if len(p) > 9 else b""

    def private(self, version=None, others=None, **changed):
        """RSAPrivateKey; each value is a number or ready DER."""
        v = {**self.v, **changed}
        return seq(integer(self.version if version is None else version),
                   *[x if isinstance(x, bytes) else integer(x) for x in (v[f] for f in FIELDS)],
                   self.others if others is None else others)

    def pkcs1(self, **kw):
        return pem("RSA PRIVATE KEY", self.private(**kw))

    def public(self):
        return seq(integer(self.v["n"]), integer(self.v["e"]))


def rsa_pkcs8(inner, **kw):
    return pkcs8(ALG_RSA, inner, **kw)


def rsa_good():
    k = RSAKey("rsa2048.der")
    v = k.v
    inner = k.private()
    assert inner == k.der
    # openssl: drops the attributes, takes version 1 without [1], refuses it with.
    good("rsa2048-pkcs8-attributes", rsa_pkcs8(inner, tail=ATTRIBUTES))
    bad("rsa2048-pkcs8-version1-no-v2-public", "malformed", "version 1 without the [1] that it is for",
        rsa_pkcs8(inner, version=1))
    v2 = public_v2(k.public())
    good("rsa2048-pkcs8-v2", rsa_pkcs8(inner, version=1, tail=v2), v1=rsa_pkcs8(inner))
    good("rsa2048-pkcs8-v2-attributes", rsa_pkcs8(inner, version=1, tail=ATTRIBUTES + v2), v1=rsa_pkcs8(inner))
    # openssl: takes rsaEncryption without its NULL (and with any other parameters: see bad) and
    # writes the NULL.
    good("rsa2048-pkcs8-no-null", pkcs8(seq(OID_RSA), inner))
    # The private exponent is not unique: OpenSSL before 1.1.1 and many other tools took it modulo
    # (p-1)(q-1). openssl: writes the numbers it read.
    phi = (v["p"] - 1) * (v["q"] - 1)
    lam = math.lcm(v["p"] - 1, v["q"] - 1)
    d = pow(v["e"], -1, phi)
    if d == v["d"]:  # one key in gcd(p-1, q-1)
        d = v["d"] + lam
    good("rsa2048-pkcs1-d-mod-phi", k.pkcs1(d=d))
    good("rsa2048-pkcs8-d-mod-phi", rsa_pkcs8(k.private(d=d)))
    # The smaller prime first, as other tools do.
    good("rsa2048-pkcs1-primes-swapped",
         k.pkcs1(p=v["q"], q=v["p"], dp=v["dq"], dq=v["dp"], qinv=pow(v["p"], -1, v["q"])))


def rsa_bad():
    k, o = RSAKey("rsa2048.der"), RSAKey("rsa2048-other.der")
    v, inner = k.v, k.private()
    # openssl: reads any numbers and writes them again.
    for f in FIELDS:
        why = f"{f} altered"
        bad(f"rsa2048-pkcs1-altered-{f}", "mismatch", why, k.pkcs1(**{f: v[f] + 2}))
        bad(f"rsa2048-pkcs8-altered-{f}", "mismatch", why, rsa_pkcs8(k.private(**{f: v[f] + 2})))
    bad("rsa2048-pkcs1-other-n", "mismatch", "modulus of another key", k.pkcs1(n=o.v["n"]))
    bad("rsa2048-pkcs1-other-d", "mismatch", "private exponent of another key", k.pkcs1(d=o.v["d"]))
    bad("rsa2048-pkcs1-primes-swapped-only", "mismatch", "p and q swapped, the other numbers not",
        k.pkcs1(p=v["q"], q=v["p"]))
    bad("rsa2048-pkcs1-no-crt", "mismatch", "p, q, dp, dq and qinv all 0", k.pkcs1(p=0, q=0, dp=0, dq=0, qinv=0))
    bad("rsa2048-pkcs8-v2-other-public", "mismatch", "v2 public key of another key",
        rsa_pkcs8(inner, version=1, tail=public_v2(o.public())))
    # openssl: reads the octets of a negative number as they stand, without sign.
    bad("rsa2048-pkcs1-negative-n", "malformed", "modulus negative", k.pkcs1(n=-v["n"]))
    bad("rsa2048-pkcs1-unsigned-n", "malformed", "modulus without its sign octet, so negative",
        k.pkcs1(n=tlv(2, v["n"].to_bytes(256, "big"))))
    bad("rsa2048-pkcs8-negative-n", "malformed", "modulus negative", rsa_pkcs8(k.private(n=-v["n"])))
    bad("rsa2048-pkcs1-negative-d", "malformed", "private exponent negative", k.pkcs1(d=-v["d"]))
    # openssl: takes these (it is strict only about INTEGERs that it reads as small numbers).
    bad("rsa2048-pkcs1-not-minimal-n", "malformed", "modulus with a zero octet too many",
        k.pkcs1(n=tlv(2, b"\0\0" + v["n"].to_bytes(256, "big"))))
    bad("rsa2048-pkcs1-not-minimal-e", "malformed", "public exponent with a zero octet too many", k.pkcs1(e=b"\2\4\0\1\0\1"))
    bad("rsa2048-pkcs1-empty-e", "malformed", "public exponent INTEGER of no octets", k.pkcs1(e=b"\2\0"))
    # openssl: takes version 2 and 3 and writes them again; refuses 1 without more primes.
    bad("rsa2048-pkcs1-version-2", "malformed", "RSAPrivateKey version 2", k.pkcs1(version=2))
    bad("rsa2048-pkcs8-inner-version-2", "malformed", "inner RSAPrivateKey version 2", rsa_pkcs8(k.private(version=2)))
    bad("rsa2048-pkcs1-version-1-two-primes", "malformed", "version 1 (multi-prime) without more primes", k.pkcs1(version=1))
    bad("rsa2048-pkcs1-missing-qinv", "malformed", "qinv absent",
        pem("RSA PRIVATE KEY", seq(*parts(inner)[:8])))
    bad("rsa2048-pkcs1-extra-element", "malformed", "an element after the last one", k.pkcs1(others=NULL))
    bad("rsa2048-pkcs8-version-2", "malformed", "PKCS#8 version INTEGER 2", rsa_pkcs8(inner, version=2))
    bad("rsa2048-pkcs8-v1-with-public", "malformed", "version 0 but with the [1] of v2",
        rsa_pkcs8(inner, tail=public_v2(k.public())))
    # openssl: takes any single parameter, writes NULL; refuses two.
    bad("rsa2048-pkcs8-params-sequence", "malformed", "rsaEncryption with an empty SEQUENCE for parameters",
        pkcs8(seq(OID_RSA, seq()), inner))
    bad("rsa2048-pkcs8-params-oid", "malformed", "rsaEncryption with an OID for parameters", pkcs8(seq(OID_RSA, P256), inner))
    bad("rsa2048-pkcs8-params-two", "malformed", "rsaEncryption with two NULLs for parameters", pkcs8(seq(OID_RSA, NULL, NULL), inner))
    der = pkcs8_der(ALG_RSA, inner)
    bad("rsa2048-pkcs1-ber", "malformed", "indefinite length outside", pem("RSA PRIVATE KEY", indefinite(0x30, read(inner)[1])))
    bad("rsa2048-pkcs8-ber-outer", "malformed", "indefinite length outside", pem("PRIVATE KEY", indefinite(0x30, read(der)[1])))
    bad("rsa2048-pkcs1-long-length", "malformed", "outer length in one octet more than needed", pem("RSA PRIVATE KEY", long_form(inner)))
    bad("rsa2048-pkcs1-long-length-e", "malformed", "length of e in long form where short fits", k.pkcs1(e=long_form(integer(v["e"]))))
    bad("rsa2048-pkcs1-cut", "malformed", "DER cut in the middle", pem("RSA PRIVATE KEY", inner[:600]))
    bad("rsa2048-pkcs1-trailing", "trailing", "an octet after the key", pem("RSA PRIVATE KEY", inner + b"\0"))
    bad("rsa2048-pkcs8-trailing", "trailing", "an octet after the key", pem("PRIVATE KEY", der + b"\0"))
    bad("rsa2048-pkcs8-trailing-inner", "trailing", "an octet after the inner key", rsa_pkcs8(inner + b"\0"))
    # Multi-prime. openssl: takes these but for the empty list, even the three primes of version 0.
    m = RSAKey("rsa2048-3primes.der")
    first = parts(parts(m.others)[0])
    r = int.from_bytes(read(first[0])[1], "big")
    bad("rsa2048-3primes-altered-prime", "mismatch", "third prime altered",
        m.pkcs1(others=seq(seq(integer(r + 2), *first[1:]))))
    bad("rsa2048-3primes-version-0", "malformed", "three primes under version 0", m.pkcs1(version=0))
    bad("rsa2048-3primes-none-there", "malformed", "version 1 with an empty list of more primes", m.pkcs1(others=seq()))


# ---------------------------------------------------------------- Ed25519


def ed_parts(name):
    return read(read(parts(work_bytes(f"{name}.der"))[2])[1])[1], work_bytes(f"{name}.pub.der")[-32:]


def ed_good():
    seed, q = ed_parts("ed25519")
    inner = octets(seed)
    plain = pkcs8(ALG_ED, inner)
    # openssl: as for EC: attributes dropped, version 1 taken without [1] and refused with it.
    good("ed25519-pkcs8-attributes", pkcs8(ALG_ED, inner, tail=ATTRIBUTES))
    bad("ed25519-pkcs8-version1-no-v2-public", "malformed", "version 1 without the [1] that it is for",
        pkcs8(ALG_ED, inner, version=1))
    good("ed25519-pkcs8-v2", pkcs8(ALG_ED, inner, version=1, tail=public_v2(q)), v1=plain)
    good("ed25519-pkcs8-v2-attributes", pkcs8(ALG_ED, inner, version=1, tail=ATTRIBUTES + public_v2(q)), v1=plain)


def ed_bad():
    seed, q = ed_parts("ed25519")
    _, other = ed_parts("ed25519-other")
    inner = octets(seed)

    def b(name, cls, why, inner=inner, alg=ALG_ED, **kw):
        bad(f"ed25519-{name}", cls, why, pkcs8(alg, inner, **kw))

    b("v2-other-public", "mismatch", "v2 public key of another key", version=1, tail=public_v2(other))
    b("v2-public-short", "malformed", "v2 public key of 31 octets", version=1, tail=public_v2(q[:31]))
    b("v2-public-long", "malformed", "v2 public key of 33 octets", version=1, tail=public_v2(q + b"\0"))
    b("v1-with-public", "malformed", "version 0 but with the [1] of v2", tail=public_v2(q))
    # openssl: refuses all of these up to the trailing octets; takes version 2.
    b("seed-31", "malformed", "seed of 31 octets", octets(seed[:31]))
    b("seed-33", "malformed", "seed of 33 octets", octets(seed + b"\0"))
    b("seed-64", "malformed", "seed and public key in one string", octets(seed + q))
    b("seed-bare", "malformed", "seed without its inner OCTET STRING", seed)
    b("seed-empty", "malformed", "seed of no octets", octets(b""))
    b("null-params", "malformed", "Ed25519 with NULL parameters", alg=seq(OID_ED25519, NULL))
    b("version-2", "malformed", "PKCS#8 version INTEGER 2", version=2)
    b("inner-ber", "malformed", "inner OCTET STRING of indefinite length", indefinite(0x24, inner))
    b("inner-long-length", "malformed", "inner length in long form where short fits", long_form(inner))
    b("trailing-inner", "trailing", "an octet after the inner OCTET STRING", inner + b"\0")
    bad("ed25519-trailing", "trailing", "an octet after the key", pem("PRIVATE KEY", pkcs8_der(ALG_ED, inner) + b"\0"))
    bad("ed25519-cut", "malformed", "DER cut in the seed", pem("PRIVATE KEY", pkcs8_der(ALG_ED, inner)[:-5]))


# ---------------------------------------------------------------- encrypted


def encrypted_good():
    """Kinds of PBES2 that openssl reads but does not write."""
    # The optional keyLength, put into a file of openssl's: the cipher text stays what it was.
    alg, data = parts(work_bytes("enc-pbkdf2-sha256.der"))
    kdf, cipher = parts(parts(alg)[1])
    salt, count, prf = parts(parts(kdf)[1])
    data = read(data)[1]
    good("p256-pkcs8.enc-pbkdf2-keylength",
         pem("ENCRYPTED PRIVATE KEY", pbes2(seq(OID_PBKDF2, seq(salt, count, integer(32), prf)), cipher, data)))
    bad("p256.enc-keylength-wrong", "malformed", "PBKDF2 keyLength 16 for AES-256",
        pem("ENCRYPTED PRIVATE KEY", pbes2(seq(OID_PBKDF2, seq(salt, count, integer(16), prf)), cipher, data)), PASSPHRASE)
    # The default PRF written out, which DER forbids and some tools do all the same.
    alg, data = parts(work_bytes("enc-pbkdf2-sha1.der"))
    kdf, cipher = parts(parts(alg)[1])
    salt, count = parts(parts(kdf)[1])
    good("p256-pkcs8.enc-pbkdf2-sha1-named",
         pem("ENCRYPTED PRIVATE KEY", pbes2(seq(OID_PBKDF2, seq(salt, count, seq(OID_HMAC_SHA1, NULL))), cipher, read(data)[1])))
    # keyLength of scrypt.
    alg, data = parts(work_bytes("enc-scrypt.der"))
    kdf, cipher = parts(parts(alg)[1])
    good("p256-pkcs8.enc-scrypt-keylength",
         pem("ENCRYPTED PRIVATE KEY", pbes2(seq(OID_SCRYPT, seq(*parts(parts(kdf)[1]), integer(32))), cipher, read(data)[1])))
    # v2 inside. openssl: decrypts, then refuses as it does without the encryption.
    seed, q = ed_parts("ed25519")
    good("ed25519-pkcs8-v2.enc-pbkdf2",
         pem("ENCRYPTED PRIVATE KEY", encrypt_pkcs8(pkcs8_der(ALG_ED, octets(seed), version=1, tail=public_v2(q)))),
         v1=pkcs8(ALG_ED, octets(seed)))
    k = ECKey(CURVE256, "p256.der")
    good("p256-pkcs8-v2.enc-pbkdf2",
         pem("ENCRYPTED PRIVATE KEY",
             encrypt_pkcs8(pkcs8_der(CURVE256.alg, k.private(), version=1, tail=public_v2(k.q)))), v1=k.pkcs8())
    # Attributes inside. openssl: drops them.
    good("p256-pkcs8-attributes.enc-pbkdf2",
         pem("ENCRYPTED PRIVATE KEY", encrypt_pkcs8(pkcs8_der(CURVE256.alg, k.private(), tail=ATTRIBUTES))))


def damage(data):
    """Flip a bit of the last but one block: CBC flips the same bit in the padding, past 16."""
    out = bytearray(data)
    out[-17] ^= 0x80
    return bytes(out)


def encrypted_bad():
    enc = "ENCRYPTED PRIVATE KEY"
    k = ECKey(CURVE256, "p256.der")
    r = RSAKey("rsa2048.der")
    der = pkcs8_der(CURVE256.alg, k.private())

    for what in ("pbkdf2-sha256", "scrypt", "pbe-sha1-3des"):
        whole = work_bytes(f"enc-{what}.der")
        alg, data = parts(whole)
        data = read(data)[1]
        # The blocks of 3DES have 8 octets, and its padding is never longer.
        hurt = data[:-9] + bytes([data[-9] ^ 0x80]) + data[-8:] if "3des" in what else damage(data)
        bad(f"p256.enc-{what}-damaged", "passphrase", "cipher text altered: the padding is wrong",
            pem(enc, seq(alg, octets(hurt))), PASSPHRASE)
        bad(f"p256.enc-{what}-damaged-start", "passphrase", "cipher text altered: the first block decrypts to noise",
            pem(enc, seq(alg, octets(bytes([data[0] ^ 0x80]) + data[1:]))), PASSPHRASE)
        bad(f"p256.enc-{what}-no-data", "malformed", "no cipher text", pem(enc, seq(alg, octets(b""))), PASSPHRASE)
        # openssl: takes this one.
        bad(f"p256.enc-{what}-trailing", "trailing", "an octet after the EncryptedPrivateKeyInfo",
            pem(enc, whole + b"\0"), PASSPHRASE)
        bad(f"p256.enc-{what}-cut", "malformed", "DER cut short", pem(enc, whole[:-20]), PASSPHRASE)
    whole = work_bytes("enc-pbkdf2-sha256.der")
    alg, data = parts(whole)
    data = read(data)[1]
    bad("p256.enc-partial-block", "malformed", "cipher text that is no whole number of blocks",
        pem(enc, seq(alg, octets(data[:-1]))), PASSPHRASE)
    bad("p256.enc-ber", "malformed", "indefinite length outside", pem(enc, indefinite(0x30, read(whole)[1])), PASSPHRASE)
    bad("p256.enc-extra-element", "malformed", "an element after the last one", pem(enc, seq(alg, octets(data), NULL)), PASSPHRASE)
    # What is inside. openssl: takes the trailing octet and drops it.
    bad("p256.enc-inner-trailing", "trailing", "an octet after the decrypted key", pem(enc, encrypt_pkcs8(der + b"\0")), PASSPHRASE)
    # openssl: refuses, takes nothing but PKCS#8 there.
    bad("p256.enc-inner-sec1", "label", "SEC1 inside an ENCRYPTED PRIVATE KEY", pem(enc, encrypt_pkcs8(k.private(params=P256))), PASSPHRASE)
    o = ECKey(CURVE256, "p256-other.der")
    bad("p256.enc-inner-other-public", "mismatch", "decrypted key with the public point of another",
        pem(enc, encrypt_pkcs8(pkcs8_der(CURVE256.alg, k.private(public=o.q)))), PASSPHRASE)

    # Work factors meant to keep the reader busy for hours or to take all its memory; the salt, IV
    # and cipher text are just anything. openssl: runs the first ones for a very long time, refuses
    # scrypt that needs more than 32 MiB.
    iv, junk = os.urandom(16), os.urandom(144)
    aes = seq(OID_AES256_CBC, octets(iv))
    sha256 = seq(OID_HMAC_SHA256, NULL)

    def absurd(name, why, kdf, cipher=aes, cls="algorithm"):
        bad(f"p256.enc-{name}", cls, why, pem(enc, pbes2(kdf, cipher, junk)), PASSPHRASE)

    def scrypt(n, r, p):
        return seq(OID_SCRYPT, seq(octets(os.urandom(16)), integer(n), integer(r), integer(p)))

    salt = os.urandom(16)
    absurd("iterations-2000000000", "2,000,000,000 iterations", pbkdf2(salt, 2000000000, sha256))
    absurd("iterations-2-63", "2^63 iterations", pbkdf2(salt, 1 << 63, sha256))
    absurd("iterations-2-64", "2^64 + 2048 iterations, 2048 when cut to 64 bits", pbkdf2(salt, (1 << 64) + 2048, sha256))
    absurd("iterations-0", "0 iterations", pbkdf2(salt, 0, sha256))
    absurd("iterations-negative", "-1 iterations", pbkdf2(salt, -1, sha256))
    absurd("scrypt-n-2-30", "scrypt N of 2^30, a TiB of memory", scrypt(1 << 30, 8, 1))
    absurd("scrypt-n-2-63", "scrypt N of 2^63", scrypt(1 << 63, 8, 1))
    absurd("scrypt-n-not-power", "scrypt N not a power of two", scrypt(16383, 8, 1))
    absurd("scrypt-n-1", "scrypt N of 1", scrypt(1, 8, 1))
    absurd("scrypt-n-0", "scrypt N of 0", scrypt(0, 8, 1))
    absurd("scrypt-r-2-24", "scrypt r of 2^24", scrypt(16384, 1 << 24, 1))
    absurd("scrypt-p-2-24", "scrypt p of 2^24", scrypt(16384, 8, 1 << 24))
    absurd("scrypt-r-0", "scrypt r of 0", scrypt(16384, 0, 1))
    bad("p256.enc-pbe-iterations-2000000000", "algorithm", "PBE-SHA1-3DES with 2,000,000,000 iterations",
        pem(enc, seq(seq(oid("1.2.840.113549.1.12.1.3"), seq(octets(os.urandom(8)), integer(2000000000))), octets(junk))), PASSPHRASE)
    # Algorithms. openssl: refuses these without its legacy provider.
    bad("p256.enc-pbe-md5-des", "algorithm", "PBE-MD5-DES",
        pem(enc, seq(seq(oid("1.2.840.113549.1.5.3"), seq(octets(os.urandom(8)), integer(2048))), octets(junk))), PASSPHRASE)
    bad("p256.enc-pbe-sha1-rc2-40", "algorithm", "PBE-SHA1-RC2-40",
        pem(enc, seq(seq(oid("1.2.840.113549.1.12.1.6"), seq(octets(os.urandom(8)), integer(2048))), octets(junk))), PASSPHRASE)
    absurd("cipher-unknown", "unknown cipher", pbkdf2(salt, 2048, sha256), seq(oid("1.2.3.4"), octets(iv)))
    absurd("prf-unknown", "unknown PRF", pbkdf2(salt, 2048, seq(oid("1.2.3.4"), NULL)))
    absurd("kdf-unknown", "unknown key derivation", seq(oid("1.2.3.4"), seq(octets(salt), integer(2048))))
    absurd("iv-short", "IV of 15 octets for AES", pbkdf2(salt, 2048, sha256), seq(OID_AES256_CBC, octets(iv[:15])), "malformed")

    # Traditional encryption.
    label = "RSA PRIVATE KEY"
    text = encrypt_traditional(label, r.der)
    lines = text.splitlines()

    def with_lines(changed):
        return "\n".join(changed) + "\n"

    raw = base64.b64decode("".join(lines[4:-1]))
    bad("rsa2048.enc-traditional-damaged", "passphrase", "cipher text altered: the padding is wrong",
        with_lines(lines[:4] + body(pem(label, damage(raw))) + lines[-1:]), PASSPHRASE)
    bad("rsa2048.enc-traditional-partial-block", "malformed", "cipher text that is no whole number of blocks",
        with_lines(lines[:4] + body(pem(label, raw[:-1])) + lines[-1:]), PASSPHRASE)
    bad("rsa2048.enc-traditional-inner-trailing", "trailing", "an octet after the decrypted key",
        encrypt_traditional(label, r.der + b"\0"), PASSPHRASE)
    bad("p256.enc-traditional-inner-trailing", "trailing", "an octet after the decrypted key",
        encrypt_traditional("EC PRIVATE KEY", k.private(params=P256) + b"\0"), PASSPHRASE)
    bad("rsa2048.enc-traditional-no-dek", "malformed", "Proc-Type without DEK-Info",
        with_lines(lines[:2] + lines[3:]), PASSPHRASE)
    bad("rsa2048.enc-traditional-iv-short", "malformed", "DEK-Info with an IV of 15 octets",
        with_lines(lines[:2] + [lines[2][:-2]] + lines[3:]), PASSPHRASE)
    bad("rsa2048.enc-traditional-iv-not-hex", "malformed", "DEK-Info with an IV that is not hexadecimal",
        with_lines(lines[:2] + [lines[2][:-1] + "G"] + lines[3:]), PASSPHRASE)
    bad("rsa2048.enc-traditional-cipher-unknown", "algorithm", "DEK-Info with an unknown cipher",
        with_lines(lines[:2] + [lines[2].replace("AES-256-CBC", "ROT-13-CBC")] + lines[3:]), PASSPHRASE)
    # openssl: refuses without its legacy provider.
    bad("rsa2048.enc-traditional-des", "algorithm", "DEK-Info with single DES",
        with_lines(lines[:2] + ["DEK-Info: DES-CBC,0123456789ABCDEF"] + lines[3:]), PASSPHRASE)
    # Good: hexadecimal digits in lower case. openssl: takes them.
    good("rsa2048-pkcs1.enc-lower-case-iv",
         with_lines(lines[:2] + [lines[2].split(",")[0] + "," + lines[2].split(",")[1].lower()] + lines[3:]))


# ---------------------------------------------------------------- labels and layout


def labels_bad():
    k, r = ECKey(CURVE256, "p256.der"), RSAKey("rsa2048.der")
    sec1, pkcs1 = k.private(params=P256), r.der
    ec8, rsa8 = pkcs8_der(CURVE256.alg, k.private()), pkcs8_der(ALG_RSA, pkcs1)
    ed8 = work_bytes("ed25519.der")
    enc = work_bytes("enc-pbkdf2-sha256.der")
    # openssl: refuses PKCS#1 and SEC1 under each other's labels, labels it does not know, and what is
    # no private key. The rest it takes for what it is, whatever the label says.
    for name, label, der, why in (
            ("pkcs1-as-ec", "EC PRIVATE KEY", pkcs1, "PKCS#1 under EC PRIVATE KEY"),
            ("sec1-as-rsa", "RSA PRIVATE KEY", sec1, "SEC1 under RSA PRIVATE KEY"),
            ("sec1-as-pkcs8", "PRIVATE KEY", sec1, "SEC1 under PRIVATE KEY"),
            ("pkcs1-as-pkcs8", "PRIVATE KEY", pkcs1, "PKCS#1 under PRIVATE KEY"),
            ("pkcs8-rsa-as-rsa", "RSA PRIVATE KEY", rsa8, "PKCS#8 (RSA) under RSA PRIVATE KEY"),
            ("pkcs8-ec-as-rsa", "RSA PRIVATE KEY", ec8, "PKCS#8 (EC) under RSA PRIVATE KEY"),
            ("pkcs8-ec-as-ec", "EC PRIVATE KEY", ec8, "PKCS#8 (EC) under EC PRIVATE KEY"),
            ("pkcs8-rsa-as-ec", "EC PRIVATE KEY", rsa8, "PKCS#8 (RSA) under EC PRIVATE KEY"),
            ("pkcs8-ed25519-as-ec", "EC PRIVATE KEY", ed8, "PKCS#8 (Ed25519) under EC PRIVATE KEY"),
            ("pkcs8-ec-as-encrypted", "ENCRYPTED PRIVATE KEY", ec8, "unencrypted PKCS#8 (EC) under ENCRYPTED PRIVATE KEY"),
            ("pkcs8-rsa-as-encrypted", "ENCRYPTED PRIVATE KEY", rsa8, "unencrypted PKCS#8 (RSA) under ENCRYPTED PRIVATE KEY"),
            ("encrypted-as-pkcs8", "PRIVATE KEY", enc, "encrypted PKCS#8 under PRIVATE KEY"),
            ("pkcs8-as-foo", "FOO PRIVATE KEY", ec8, "PKCS#8 under a label that does not exist"),
            ("pkcs8-as-any", "ANY PRIVATE KEY", ec8, "PKCS#8 under ANY PRIVATE KEY, a name inside OpenSSL only"),
            ("spki-as-pkcs8", "PRIVATE KEY", work_bytes("p256.pub.der"), "a public key under PRIVATE KEY"),
            ("certificate-as-pkcs8", "PRIVATE KEY", base64.b64decode("".join(body(work_text("p256.crt")))),
             "a certificate under PRIVATE KEY")):
        # With the passphrase where one might be asked for, so that the label is all that is wrong.
        bad(f"label-{name}", "label", why, pem(label, der), PASSPHRASE if "encrypted" in name else "")

    # An OPENSSH PRIVATE KEY (PROTOCOL.key of OpenSSH), unencrypted. openssl: refuses. Made here since
    # ssh-keygen need not be installed.
    seed, q = ed_parts("ed25519")

    def string(b):
        return len(b).to_bytes(4, "big") + b

    public = string(b"ssh-ed25519") + string(q)
    check = os.urandom(4)
    secret = check + check + public + string(seed + q) + string(b"nobody@example.org")
    secret += bytes(range(1, 8))[:-len(secret) % 8]
    bad("openssh", "label", "OPENSSH PRIVATE KEY, OpenSSH's own format",
        pem("OPENSSH PRIVATE KEY",
            b"openssh-key-v1\0" + string(b"none") + string(b"none") + string(b"") + (1).to_bytes(4, "big")
            + string(public) + string(secret), 70))


def layout_good():
    for name, label, kind in (("p256", "PRIVATE KEY", "p256-pkcs8"), ("rsa2048", "RSA PRIVATE KEY", "rsa2048-pkcs1")):
        key = work_text(f"{kind}.pem")
        cert, csr, spki = work_text(f"{name}.crt"), work_text(f"{name}.csr"), work_text(f"{name}.pub")
        other = work_text("p256-other.crt")
        lines = key.splitlines()
        flat = "".join(lines[1:-1])

        def g(what, content):
            good(f"{name}-layout-{what}", content)

        g("text-before", "This is the key of the test authority.\n\nKeep it safe -- please.\n" + key)
        g("text-after", key + "\nThat was the key.\n- not a PEM line\n")
        g("text-not-ascii", "Schlüssel für die Prüfung\n".encode() + key.encode())
        g("text-latin1", "Schlüssel\n".encode("latin-1") + key.encode())
        g("crlf", key.replace("\n", "\r\n"))
        g("no-final-newline", key[:-1])
        g("crlf-no-final-newline", key.replace("\n", "\r\n")[:-2])
        g("certificate-before", cert + key)
        g("certificate-after", key + cert)
        g("certificates-around", cert + key + other)
        g("certificate-crlf", (cert + key).replace("\n", "\r\n"))
        g("request-before", csr + key)
        # openssl: passes over a public key to the private one.
        g("public-before", spki + key)
        g("public-after", key + spki)
        # What `openssl x509 -text`, `openssl pkey -text` and `openssl pkcs12 -nodes` print.
        g("x509-text", work_text(f"{name}.crt.txt") + key)
        g("pkey-text", work_text(f"{name}.key.txt"))
        g("bag-attributes", work_text(f"{name}.p12.txt"))
        g("trailing-spaces", key.replace("\n", "  \n"))
        g("trailing-tabs", key.replace("\n", "\t\n"))
        g("leading-spaces", armour(label, ["  " + l for l in lines[1:-1]]))
        g("inner-spaces", armour(label, [l[:9] + " " + l[9:20] + "\t" + l[20:] for l in lines[1:-1]]))
        g("blank-after-begin", armour(label, ["", *lines[1:-1]]))
        g("76-columns", armour(label, [flat[i:i + 76] for i in range(0, len(flat), 76)]))
        g("ragged", armour(label, [flat[:3], flat[3:75], flat[75:76], flat[76:]]))
        g("one-line", armour(label, [flat]))
        g("byte-order-mark", b"\xef\xbb\xbf" + key.encode())
    key = work_text("p256-pkcs8.pem")
    flat = "".join(key.splitlines()[1:-1])
    good("p256-layout-1-column", armour("PRIVATE KEY", list(flat)))
    block = work_text("p256-sec1-params.pem")
    assert "EC PARAMETERS" in block
    good("p256-layout-params-block-crlf", block.replace("\n", "\r\n"))
    good("p256-layout-params-block-certificate", work_text("p256.crt") + block)
    good("p256-layout-params-block-after",
         block[block.index("-----BEGIN EC PRIVATE"):] + block[:block.index("-----BEGIN EC PRIVATE")])
    good("p256-layout-bag-attributes.enc-pbkdf2", work_text("p256.p12.enc.txt"))
    good("p256-layout-crlf.enc-pbkdf2",
         pem("ENCRYPTED PRIVATE KEY", work_bytes("enc-pbkdf2-sha256.der")).replace("\n", "\r\n"))
    good("rsa2048-layout-crlf.enc-traditional", work_text("rsa2048-trad.pem").replace("\n", "\r\n"))
    good("rsa2048-layout-certificate.enc-traditional", work_text("rsa2048.crt") + work_text("rsa2048-trad.pem"))


def layout_bad():
    key, rsa = work_text("p256-pkcs8.pem"), work_text("rsa2048-pkcs1.pem")
    cert, csr, spki = work_text("p256.crt"), work_text("p256.csr"), work_text("p256.pub")
    lines = key.splitlines()
    flat = "".join(lines[1:-1])

    bad("empty", "no_pem", "an empty file", "")
    bad("newline", "no_pem", "a file of one newline", "\n")
    bad("text", "no_pem", "text without any PEM", "There is no key here.\nNor here: -----\n")
    bad("der", "no_pem", "the key in DER, not PEM", pkcs8_der(CURVE256.alg, ECKey(CURVE256, "p256.der").private()))
    bad("base64-only", "no_pem", "base64 without BEGIN and END", "\n".join(lines[1:-1]) + "\n")
    bad("ec-parameters", "no_pem", "EC PARAMETERS only", pem("EC PARAMETERS", P256))
    bad("unknown-block", "no_pem", "a block of an unknown kind only", pem("FOO", b"bar"))
    bad("begin-indented", "no_pem", "BEGIN and END not at the beginning of their lines", key.replace("-----BEGIN", " -----BEGIN").replace("-----END", " -----END"))
    bad("begin-lower-case", "no_pem", "BEGIN and END in lower case", key.replace("BEGIN", "begin").replace("END", "end"))

    bad("public-key", "public_key", "a public key", spki)
    bad("public-key-rsa", "public_key", "a public key", work_text("rsa2048.pub"))
    bad("public-key-pkcs1", "public_key", "RSA PUBLIC KEY", work_text("rsa2048-pkcs1.pub"))
    bad("public-key-ed25519", "public_key", "a public key", work_text("ed25519.pub"))
    bad("certificate", "certificate", "a certificate only", cert)
    bad("certificate-text", "certificate", "a certificate only, with text", work_text("p256.crt.txt"))
    bad("certificates", "certificate", "two certificates only", cert + work_text("rsa2048.crt"))
    bad("request", "certificate", "a certificate request only", csr)

    # openssl: takes the first key.
    bad("two-keys", "two_keys", "two keys", key + work_text("p256-other-pkcs8.pem"))
    bad("two-keys-same", "two_keys", "the same key twice", key + key)
    bad("two-keys-certificate-between", "two_keys", "two keys, a certificate between", key + cert + work_text("p256-other-pkcs8.pem"))
    bad("two-keys-kinds", "two_keys", "an EC and an RSA key", key + rsa)
    bad("two-keys-forms", "two_keys", "one key as PKCS#8 and as SEC1", key + ECKey(CURVE256, "p256.der").sec1())
    bad("two-keys-encrypted", "two_keys", "one key in clear and one encrypted",
        key + pem("ENCRYPTED PRIVATE KEY", work_bytes("enc-pbkdf2-sha256.der")), PASSPHRASE)

    # openssl: refuses all of these but no-end-then-key, where it takes the second key.
    bad("no-end", "malformed", "END line missing", key[:key.index("-----END")])
    bad("no-end-cut", "malformed", "cut in the base64, END line missing", rsa[:700])
    bad("no-end-line-cut", "malformed", "END line cut", key[:-8])
    bad("no-body-no-end", "malformed", "BEGIN line only", lines[0] + "\n")
    bad("no-end-then-key", "malformed", "END line missing, another key follows", key[:key.index("-----END")] + rsa)
    bad("end-other-label", "malformed", "END label differs from BEGIN", armour("PRIVATE KEY", lines[1:-1], "RSA PRIVATE KEY"))
    bad("end-other-label-rsa", "malformed", "END label differs from BEGIN", armour("RSA PRIVATE KEY", body(rsa), "PRIVATE KEY"))
    bad("base64-bad-character", "malformed", "an asterisk in the base64", armour("PRIVATE KEY", [flat[:70] + "*" + flat[71:]]))
    bad("base64-not-ascii", "malformed", "a letter outside ASCII in the base64", armour("PRIVATE KEY", [flat[:70] + "é" + flat[71:]]))
    bad("base64-bad-character-added", "malformed", "an exclamation mark put into the base64", armour("PRIVATE KEY", [flat[:70] + "!" + flat[70:]]))
    bad("base64-padding-middle", "malformed", "padding in the middle", armour("PRIVATE KEY", [flat[:62] + "==", *[flat[64:]]]))
    bad("base64-padding-then-more", "malformed", "padding in the middle, two encodings one after the other",
        armour("PRIVATE KEY", [base64.b64encode(base64.b64decode(flat)[:40]).decode(), base64.b64encode(base64.b64decode(flat)[40:]).decode()]))
    bad("base64-padding-added", "malformed", "padding where none belongs", armour("PRIVATE KEY", [*lines[1:-1], "===="]))
    # 121 octets: the base64 ends in ==.
    sec1 = "".join(body(ECKey(CURVE256, "p256.der").sec1()))
    assert sec1.endswith("==")
    bad("base64-padding-missing", "malformed", "padding missing", armour("EC PRIVATE KEY", [sec1[:-2]]))
    bad("base64-padding-half", "malformed", "one padding character missing", armour("EC PRIVATE KEY", [sec1[:-1]]))
    bad("base64-character-missing", "malformed", "one base64 character missing", armour("PRIVATE KEY", [flat[:70] + flat[71:]]))


def other_kinds():
    """Keys of kinds and sizes that are not wanted, as openssl made them (generate.sh)."""
    for name, cls, why in (
            ("rsa1024-pkcs1", "weak", "RSA of 1024 bits"), ("rsa1024-pkcs8", "weak", "RSA of 1024 bits"),
            ("rsa2047-pkcs1", "weak", "RSA of 2047 bits"), ("rsa2047-pkcs8", "weak", "RSA of 2047 bits"),
            ("p521-sec1", "curve", "P-521"), ("p521-pkcs8", "curve", "P-521"),
            ("p224-sec1", "curve", "P-224"), ("p224-pkcs8", "curve", "P-224"),
            ("secp256k1-sec1", "curve", "secp256k1"), ("secp256k1-pkcs8", "curve", "secp256k1"),
            ("secp256k1-explicit", "curve", "secp256k1 by explicit parameters"),
            ("brainpool256-pkcs8", "curve", "brainpoolP256r1"), ("sm2-pkcs8", "curve", "the SM2 curve"),
            ("dsa-pkcs8", "algorithm", "DSA"), ("dsa-traditional", "algorithm", "DSA PRIVATE KEY"),
            ("dh-pkcs8", "algorithm", "Diffie-Hellman"),
            ("x25519-pkcs8", "algorithm", "X25519"), ("x448-pkcs8", "algorithm", "X448"),
            ("ed448-pkcs8", "algorithm", "Ed448"),
            ("rsa-pss-pkcs8", "algorithm", "RSA-PSS key"),
            ("rsa-pss-restricted-pkcs8", "algorithm", "RSA-PSS key with parameters")):
        bad(f"kind-{name}", cls, why, work_text(f"kind-{name}.pem"))
    bad("kind-p521.enc-pbkdf2", "curve", "P-521, encrypted", work_text("kind-p521.enc.pem"), PASSPHRASE)
    bad("kind-rsa1024.enc-traditional", "weak", "RSA of 1024 bits, encrypted", work_text("kind-rsa1024.enc.pem"), PASSPHRASE)


def main():
    ec_good()
    rsa_good()
    ed_good()
    encrypted_good()
    layout_good()
    ec_bad()
    rsa_bad()
    ed_bad()
    encrypted_bad()
    labels_bad()
    layout_bad()
    other_kinds()
    for name in sorted(os.listdir(f"{OUT}/good")):
        if ".enc-" in name:
            expected.append((f"good/{name}", WRONG, "passphrase", "wrong passphrase"))
            expected.append((f"good/{name}", NONE, "passphrase", "no passphrase"))
    with open(f"{OUT}/bad/expect.tsv", "w") as f:
        for row in expected:
            assert not any("\t" in c or "\n" in c for c in row)
            f.write("\t".join(row) + "\n")


main()
