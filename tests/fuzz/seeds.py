#!/usr/bin/env python3
"""seeds.py FOLDER: writes into FOLDER/NAME what the fuzzer NAME may start from: the vectors of tests/data/keys, what the openssl
command makes, and texts from here. The corpora beside this script grew from it (see CMakeLists.txt)."""
import base64
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
VECTORS = HERE.parent / "data" / "keys"
MOST = 6000  # octets: long inputs make fuzzing slow


def put(folder, octets):
    if len(octets) <= MOST:
        (folder / hashlib.sha1(octets).hexdigest()).write_bytes(octets)


def openssl(*arguments, given=b""):
    return subprocess.run(["openssl", *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def blocks_in(pem):
    """The DER of each block."""
    for body in re.findall(rb"-----BEGIN [^\n]*-----\r?\n(.*?)-----END ", pem, re.DOTALL):
        try:
            yield base64.b64decode(re.sub(rb"\s", b"", body), validate=True)
        except ValueError:
            pass


def keys(root):
    for path in sorted(VECTORS.glob("*/*.pem")):
        pem = path.read_bytes()
        put(root / "key_pem", pem)
        if path.name.startswith(("kind-", "rsa4096")):
            continue
        for der in blocks_in(pem):
            put(root / "key_der", der)
    for name in ("p256-sec1", "p384-sec1", "rsa2048-pkcs1", "ed25519-pkcs8"):
        put(root / "key_der", openssl("pkey", "-in", VECTORS / "good" / f"{name}.pem", "-pubout", "-outform", "DER"))


def own_keys():
    """Those with which the harnesses sign."""
    source = (HERE / "own_keys.h").read_text(encoding="utf-8")
    lines = re.findall(r'"(.*?)\\n"', source)
    text = "\n".join(lines) + "\n"
    return re.findall(r"-----BEGIN PRIVATE KEY-----\n.*?-----END PRIVATE KEY-----\n", text, re.DOTALL)


EXTENSIONS = {
    "root": "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash",
    "server": "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\n"
              "subjectAltName=DNS:db.acme.example,DNS:*.acme.example,IP:10.0.0.7,IP:2001:db8::1\nsubjectKeyIdentifier=hash",
    "client": "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n"
              "subjectAltName=URI:urn:uuid:01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f\nsubjectKeyIdentifier=hash",
    "rich": "basicConstraints=CA:TRUE\nkeyUsage=decipherOnly,keyAgreement\nextendedKeyUsage=1.2.3.4,codeSigning\n"
            "subjectAltName=email:a@b.example,RID:1.2.3,dirName:dn\nissuerAltName=URI:http://a.example/\nauthorityInfoAccess=OCSP;URI:http://o.example/\n"
            "crlDistributionPoints=URI:http://c.example/crl\ncertificatePolicies=1.2.3.4,1.3.5.8\nnameConstraints=permitted;IP:10.0.0.0/255.0.0.0,"
            "excluded;email:.com,permitted;DNS:acme.example\npolicyConstraints=requireExplicitPolicy:3\ninhibitAnyPolicy=2\nnoCheck=ignored\n"
            "tlsfeature=status_request\n1.2.3.4=ASN1:UTF8String:x\nnsComment=old\nsubjectKeyIdentifier=hash\n[dn]\nCN=dir",
    "bare": "",
}


def configuration(extensions, scratch):
    path = scratch / "openssl.cnf"
    path.write_text(f"[req]\ndistinguished_name=none\n[none]\n[ext]\n{extensions}\n", encoding="utf-8")
    return path


def certificates_and_requests(root, scratch):
    kinds = [scratch / f"own{i}.pem" for i, _ in enumerate(own_keys())]
    for path, pem in zip(kinds, own_keys()):
        path.write_text(pem, encoding="utf-8")
    kinds += [VECTORS / "good" / f"{name}.pem" for name in ("p384-sec1", "rsa2048-pkcs1")]
    subjects = ["/CN=app/OU=sales", "/C=DE/O=Acme Ltd./OU=a+OU=b/CN=Müller/emailAddress=a@b.example", "/", "/DC=example/DC=acme/serialNumber=12"]
    for i, key in enumerate(kinds):
        for j, (name, extensions) in enumerate(EXTENSIONS.items()):
            config = configuration(extensions, scratch)
            subject = subjects[(i + j) % len(subjects)]
            common = ["-new", "-config", config, "-key", key, "-subj", subject, "-utf8", "-multivalue-rdn"]
            digest = [] if i == 0 else [["-sha256"], ["-sha384"], ["-sha512"], ["-sha1"]][(i + j) % 4]
            put(root / "request", openssl("req", *common, "-outform", "DER", *digest, *(["-reqexts", "ext"] if extensions else [])))
            put(root / "certificate", openssl("req", "-x509", *common, "-days", "400", "-outform", "DER", *digest,
                                              *(["-extensions", "ext"] if extensions else [])))
    # With dates of both kinds, a short and a long serial, and an authority's key identifier.
    root_pem = openssl("req", "-x509", "-new", "-config", configuration(EXTENSIONS["root"], scratch), "-key", kinds[1], "-subj", "/CN=root",
                       "-extensions", "ext", "-days", "20000")
    (scratch / "root.pem").write_bytes(root_pem)
    request = openssl("req", "-new", "-config", configuration("", scratch), "-key", kinds[0], "-subj", "/CN=leaf")
    for serial in ("1", "0x80", "0x7fffffffffffffffffffffffffffffffffffffff"):
        for more in ("keyid", "keyid,issuer:always"):
            config = configuration(EXTENSIONS["client"] + f"\nauthorityKeyIdentifier={more}", scratch)
            put(root / "certificate", openssl("x509", "-req", "-CA", scratch / "root.pem", "-CAkey", kinds[1], "-set_serial", serial, "-days",
                                              "18000", "-extfile", config, "-extensions", "ext", "-outform", "DER", given=request))
    put(root / "certificate", openssl("x509", "-outform", "DER", given=root_pem))


DATABASE = """R\t361124100000Z\t251124100000Z,keyCompromise\t01\tunknown\t/CN=a
R\t361124100000Z\t251124100001Z\t7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\tunknown\t/CN=b
R\t361124100000Z\t491124100002Z,superseded\t80\tunknown\t/CN=c
R\t361124100000Z\t251124100003Z,removeFromCRL\t0AF3B1000000000000000000000000C4\tunknown\t/CN=d
R\t361124100000Z\t251124100003Z,holdInstruction,holdInstructionReject\t0AF3B1\tunknown\t/CN=d
V\t361124100000Z\t\t02\tunknown\t/CN=e
"""


def lists(root, scratch):
    (scratch / "own.pem").write_text(own_keys()[1], encoding="utf-8")
    key = scratch / "own.pem"
    for index, (database, extensions, digest, dates) in enumerate([
        (DATABASE, "authorityKeyIdentifier=keyid", "sha256", "400"),
        ("", "authorityKeyIdentifier=keyid", "sha256", "20000"),
        (DATABASE, "authorityKeyIdentifier=keyid,issuer:always\nissuingDistributionPoint=critical,@idp\n[idp]\nonlyuser=TRUE\n"
                   "fullname=URI:http://c.example/", "sha512", "30"),
        (DATABASE, "2.5.29.27=critical,ASN1:INTEGER:5\nfreshestCRL=URI:http://c.example/", "sha1", "30"),
        (DATABASE, None, "sha256", "30"),
    ]):
        config = scratch / "ca.cnf"
        (scratch / "index.txt").write_text(database, encoding="utf-8")
        (scratch / "number").write_text("0193A1B2C3D4\n", encoding="utf-8")
        number = f"crlnumber={scratch}/number\ncrl_extensions=ext\n" if extensions is not None else ""
        config.write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={scratch}/index.txt\ndefault_md={digest}\ndefault_crl_days={dates}\n{number}"
                          f"[ext]\n{extensions or ''}\n", encoding="utf-8")
        pem = openssl("ca", "-config", config, "-gencrl", "-keyfile", key, "-cert", scratch / "root.pem")
        put(root / "crl", pem)
        put(root / "crl", next(blocks_in(pem)))
        if index == 0:
            put(root / "crl", pem + (scratch / "root.pem").read_bytes() + pem)


def value_at(octets):
    """Where the content of the DER value begins and ends."""
    length, at = octets[1], 2
    if length & 0x80:
        at += length & 0x7F
        length = int.from_bytes(octets[2:at], "big")
    return at, at + length


def values_in(octets):
    """The values in a constructed one."""
    at, end = value_at(octets)
    while at < end:
        size = value_at(octets[at:])[1]
        yield octets[at:at + size]
        at += size


def content_of(octets):
    at, end = value_at(octets)
    return octets[at:end]


def tlv(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")) + content


DATA = bytes.fromhex("06092a864886f70d010701")
ENCRYPTED_DATA = bytes.fromhex("06092a864886f70d010706")


def pkcs12_files(root, scratch):
    """Whole files, and the AuthenticatedSafe of each, around which fuzz_pkcs12 puts a MAC; then those that no program writes."""
    for path, name in (("key", "p256-pkcs8"), ("rsa", "rsa2048-pkcs1")):
        (scratch / path).write_bytes((VECTORS / "good" / f"{name}.pem").read_bytes())
        (scratch / f"{path}.crt").write_bytes(openssl("req", "-x509", "-new", "-config", configuration(EXTENSIONS["client"], scratch),
                                                      "-key", scratch / path, "-subj", "/CN=app", "-days", "400"))
    for key, more in (("key", ["-name", "user", "-iter", "1"]), ("rsa", ["-name", "us\u00e9r", "-iter", "1", "-certpbe", "NONE"]),
                      ("key", ["-keypbe", "NONE", "-certpbe", "NONE"]), ("key", ["-iter", "1", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"]),
                      ("key", ["-nokeys", "-iter", "1", "-caname", "other"])):
        file = openssl("pkcs12", "-export", "-in", scratch / f"{key}.crt", "-inkey", scratch / key, "-passout", "pass:swordfish", *more)
        put(root / "pkcs12", file)
        content = list(values_in(list(values_in(file))[1]))[1]
        put(root / "pkcs12", content_of(content_of(content)))
    encryption = tlv(0x30, bytes.fromhex("060a2a864886f70d010c0103"), tlv(0x30, bytes.fromhex("0408"), bytes(8), bytes.fromhex("020101")))
    no_ciphertext = tlv(0x30, ENCRYPTED_DATA, tlv(0xA0, tlv(0x30, b"\x02\x01\x00", tlv(0x30, DATA, encryption))))
    for part in (tlv(0x30, DATA), tlv(0x30, ENCRYPTED_DATA), no_ciphertext):
        put(root / "pkcs12", tlv(0x30, part))
    put(root / "pkcs12", tlv(0x30))


NAMES = [
    (0, ["acme", "a-b", "postgresql-rectangle-12345", "a" * 63, "", "Acme", "acme-", "1a"]),
    (1, ["orders", "z9", "a_b"]),
    (2, ["db.acme.example", "DB.Acme.Example.", "127.0.0.1", "2001:db8::1", "::ffff:1.2.3.4", "[::1]", "fe80::1%eth0", "xn--mller-kva.example",
         "a..b", "-a.b", "a" * 63 + ".b", ".".join(["a" * 61] * 4), "1.2.3", "1.2.3.4.5", "bücher.example", "64:ff9b::192.0.2.33", "localhost"]),
    (3, ["*.acme.example", "*.b", "a.*.b", "*", "x*.a.b"]),
    (4, ["app", "Müller", "用户", "e\u0301", "a b", "a\u202eb", "a\u200bb", "x" * 63, "\U0001F418", "a,b+c=d", "/", ""]),
    (5, ["01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f", "01936A4E-8F2B-7C3D-9E4F-0A1B2C3D4E5F", "{01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f}"]),
    (6, ["shop", "a-b", "a" * 64, "Shop", "-shop"]),
    (7, ["ops", "root (alice by sudo)", "Zoë", "x" * 255, "x" * 256, "a\nb", "a\u202eb", "a\u200bb", ""]),
    (8, ["01936a4e-8f2b-7c3d-9e4f-0a1b2c3d4e5f", "01936A4E-8F2B-7C3D-9E4F-0A1B2C3D4E5F", "01936a4e8f2b7c3d9e4f0a1b2c3d4e5f", "\x00" * 16]),
]
BLOCKS = ["1.2.3.4/32", "1.2.3.4", "0.0.0.0/0", "::/0", "10.0.0.0/8\n10.1.0.0/16", "2001:db8::/32\n2001:db8:8000::/33", "1.2.3.4/24", "1.2.3.4/33",
          "10.0.0.0/255.0.0.0", "2001:db8::/ffff:ffff::", "::ffff:1.2.3.4/128", "fe80::1%eth0", "[::1]:5432", "1.2.3.4:5432", "010.0.0.0/8", "1.2.3/24",
          "2001:0DB8:0000::1.2.3.4", "::1/128\n::1", "1:2:3:4:5:6:7:8", "1.2.3.4/", "/", "256.1.1.1", "0.0.0.0/00", "::1.2.3.4/127\n::/3"]
SERIALS = ["01", "0AF3B1000000000000000000000000C4", "14557598080972968188436019874281554116", "0x80", "0A:F3:B1", "730750818665451459101842416358141509827966271487",
           "0x7fffffffffffffffffffffffffffffffffffffff", "0X00ff", "01020304050607080910111213141516", "", "0", "-1", "foobar", "00012"]


def texts(root):
    for kind, names in NAMES:
        for name in names:
            put(root / "names", bytes([kind]) + name.encode())
    for block in BLOCKS:
        put(root / "cidr", block.encode())
    for serial in SERIALS:
        put(root / "serial", b"\x01" + serial.encode())
    for octets in (b"\x00", b"\x01", b"\x80", b"\x00\xff", b"\x7f" + 19 * b"\xff", b"\x80" + 19 * b"\x00", b"\x01" + 16 * b"\x00"):
        put(root / "serial", b"\x02" + octets)


def main(folder):
    root = pathlib.Path(folder)
    for name in ("certificate", "cidr", "crl", "key_der", "key_pem", "names", "pkcs12", "request", "serial"):
        (root / name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        keys(root)
        certificates_and_requests(root, pathlib.Path(scratch))
        lists(root, pathlib.Path(scratch))
        pkcs12_files(root, pathlib.Path(scratch))
        texts(root)


if __name__ == "__main__":
    main(*sys.argv[1:])
