#!/bin/sh
# Makes the test vectors for the private-key reader, good/ and bad/ beside this
# script, anew:
#
#     tests/data/keys/generate.sh
#
# with the openssl command (3.0; $OPENSSL names another one) and python3.
# Everything that openssl can write is written by openssl; the rest is put
# together by craft.py out of keys that openssl made. The keys are new every
# time and protect nothing.
#
#   good/NAME.pem    a file the reader must take
#   good/NAME.p8     what it must give: openssl's own answer to that very file,
#                    `openssl pkcs8 -topk8 -nocrypt -outform DER`
#   bad/NAME.pem     a file the reader must refuse, whatever openssl does
#   bad/expect.tsv   file, passphrase ("-none-": none given), class and clause of
#                    every refusal, also of good/*.enc-* files that get the wrong
#                    passphrase or none
#
# The passphrase of every encrypted file is "correct horse"; their names, and no
# others, have ".enc-" in them.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
: "${OPENSSL:=openssl}"
export OPENSSL
passphrase='correct horse'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
out=$work/out
mkdir "$work/v1" "$out" "$out/good" "$out/bad"

# A configuration of our own, so that the machine's cannot change what is made
# (other providers, other defaults for requests).
printf '[req]\ndistinguished_name = dn\n[dn]\n' >"$work/openssl.cnf"
OPENSSL_CONF=$work/openssl.cnf
export OPENSSL_CONF

# openssl tells of its progress on standard error; show it only if it fails.
o() {
    if ! "$OPENSSL" "$@" 2>"$work/log"; then
        cat "$work/log" >&2
        echo "generate.sh: openssl $* failed" >&2
        exit 1
    fi
}

good=$out/good

# ---------------------------------------------------------------- EC

for curve in p256:prime256v1 p384:secp384r1; do
    name=${curve%%:*}
    long=${curve#*:}
    # The plain key, in the three forms that openssl writes.
    o ecparam -name "$long" -genkey -out "$work/$name-sec1-params.pem"
    o ec -in "$work/$name-sec1-params.pem" -out "$work/$name-sec1.pem"
    o pkcs8 -topk8 -nocrypt -in "$work/$name-sec1.pem" -out "$work/$name-pkcs8.pem"
    o ec -in "$work/$name-sec1.pem" -outform DER -out "$work/$name.der"
    cp "$work/$name-sec1-params.pem" "$good/$name-sec1-params-block.pem"
    cp "$work/$name-sec1.pem" "$work/$name-pkcs8.pem" "$good"
    # Rarities. OpenSSL 3.0.22 takes them all and keeps what is rare about them:
    # a compressed point stays one, explicit parameters stay explicit.
    o ec -in "$work/$name-sec1.pem" -conv_form compressed -out "$good/$name-sec1-compressed.pem"
    o ec -in "$work/$name-sec1.pem" -param_enc explicit -out "$good/$name-sec1-explicit.pem"
    # A second key, for halves that do not agree.
    o ecparam -name "$long" -genkey -noout -outform DER -out "$work/$name-other.der"
done
o pkcs8 -topk8 -nocrypt -inform DER -in "$work/p256-other.der" -out "$work/p256-other-pkcs8.pem"

# Keys with a zero octet at the beginning of the scalar or of a coordinate: one
# key in 256 each, so try until there is one.
octet() {
    od -An -tu1 -j"$2" -N1 "$1" | tr -d ' '
}
# search NAME CURVE OFFSET: the offset is that of the octet in the SEC1 DER.
search() {
    while :; do
        o ecparam -name "$2" -genkey -noout -outform DER -out "$work/try.der"
        if [ "$(octet "$work/try.der" "$3")" = 0 ]; then
            mv "$work/try.der" "$work/$1.der"
            return
        fi
    done
}
search p256-zero prime256v1 7
search p256-zero-x prime256v1 57
search p256-zero-y prime256v1 89
search p384-zero secp384r1 8

# ---------------------------------------------------------------- RSA

# rsa NAME GENRSA-OPTION...: the key in both forms.
rsa() {
    name=$1
    shift
    o genrsa -traditional -out "$work/$name-pkcs1.pem" "$@"
    o pkcs8 -topk8 -nocrypt -in "$work/$name-pkcs1.pem" -out "$work/$name-pkcs8.pem"
    o rsa -traditional -in "$work/$name-pkcs1.pem" -outform DER -out "$work/$name.der"
}
# Sizes that are no multiple of anything are good too, from 2048 on.
for bits in 2048 2049 2560 3072 4096; do
    rsa "rsa$bits" "$bits"
    cp "$work/rsa$bits-pkcs1.pem" "$work/rsa$bits-pkcs8.pem" "$good"
done
rsa rsa2048-e3 -3 2048
# OpenSSL 3.0.22 makes, takes and writes again keys of more than two primes.
rsa rsa2048-3primes -primes 3 2048
cp "$work/rsa2048-e3-pkcs1.pem" "$work/rsa2048-e3-pkcs8.pem" \
    "$work/rsa2048-3primes-pkcs1.pem" "$work/rsa2048-3primes-pkcs8.pem" "$good"
rsa rsa2048-other 2048
o rsa -in "$work/rsa2048-pkcs1.pem" -RSAPublicKey_out -out "$work/rsa2048-pkcs1.pub"

# ---------------------------------------------------------------- Ed25519

for name in ed25519 ed25519-other; do
    o genpkey -algorithm ed25519 -out "$work/$name-pkcs8.pem"
    o pkey -in "$work/$name-pkcs8.pem" -outform DER -out "$work/$name.der"
    o pkey -in "$work/$name-pkcs8.pem" -pubout -out "$work/$name.pub"
    o pkey -in "$work/$name-pkcs8.pem" -pubout -outform DER -out "$work/$name.pub.der"
done
cp "$work/ed25519-pkcs8.pem" "$good"

# ---------------------------------------------------------------- encrypted

# encrypt KEY SUFFIX PKCS8-OPTION...
encrypt() {
    key=$1
    suffix=$2
    shift 2
    o pkcs8 -topk8 -in "$work/$key-pkcs8.pem" -passout "pass:$passphrase" "$@" \
        -out "$good/$key-pkcs8.enc-$suffix.pem"
}
for key in p256 p384 rsa2048 ed25519; do
    # openssl's default: PBES2, PBKDF2 with HMAC-SHA256, AES-256-CBC.
    encrypt "$key" pbkdf2-sha256-aes256
done
for key in p256 rsa2048; do
    # HMAC-SHA1 is the default of PBKDF2, so this file names no PRF at all.
    encrypt "$key" pbkdf2-sha1-aes128 -v2 aes-128-cbc -v2prf hmacWithSHA1
    encrypt "$key" scrypt -scrypt
    encrypt "$key" pbe-sha1-3des -v1 PBE-SHA1-3DES
done
encrypt ed25519 scrypt -scrypt
encrypt p256 scrypt-n1024-r16-p2 -scrypt -scrypt_N 1024 -scrypt_r 16 -scrypt_p 2
encrypt p256 pbe-sha1-2des -v1 PBE-SHA1-2DES
encrypt p256 pbkdf2-sha256-3des -v2 des3
encrypt p256 pbkdf2-sha224-aes256 -v2 aes-256-cbc -v2prf hmacWithSHA224
encrypt p256 pbkdf2-sha384-aes256 -v2 aes-256-cbc -v2prf hmacWithSHA384
encrypt p256 pbkdf2-sha512-aes192 -v2 aes-192-cbc -v2prf hmacWithSHA512
encrypt p256 pbkdf2-sha256-camellia128 -v2 camellia-128-cbc
# Work factors that sane people choose; a limit on them must be above these.
encrypt p256 pbkdf2-1-iteration -iter 1
encrypt p256 pbkdf2-600000-iterations -iter 600000
# 16 MiB of memory. OpenSSL 3.0.22 gives scrypt less than 32 MiB: with N=32768
# and r=8 it neither writes nor reads.
encrypt p256 scrypt-n32768-r4 -scrypt -scrypt_N 32768 -scrypt_r 4 -scrypt_p 1

# Some of them in DER, for craft.py.
for pair in pbkdf2-sha256:pbkdf2-sha256-aes256 pbkdf2-sha1:pbkdf2-sha1-aes128 \
    scrypt:scrypt pbe-sha1-3des:pbe-sha1-3des; do
    # (openssl pkcs8 would decrypt and encrypt again; base64 is all that is in the way)
    sed '/^-----/d' "$good/p256-pkcs8.enc-${pair#*:}.pem" |
        o base64 -d -out "$work/enc-${pair%%:*}.der"
done

# Traditional encryption (Proc-Type and DEK-Info).
for cipher in des3 aes128 aes192 aes256 camellia128; do
    o rsa -traditional -in "$work/rsa2048-pkcs1.pem" -"$cipher" -passout "pass:$passphrase" \
        -out "$good/rsa2048-pkcs1.enc-traditional-$cipher.pem"
done
for cipher in des3 aes128 aes256; do
    o ec -in "$work/p256-sec1.pem" -"$cipher" -passout "pass:$passphrase" \
        -out "$good/p256-sec1.enc-traditional-$cipher.pem"
done
o ec -in "$work/p384-sec1.pem" -aes256 -passout "pass:$passphrase" \
    -out "$good/p384-sec1.enc-traditional-aes256.pem"
# The parameters in clear before the encrypted key, as `openssl ecparam -genkey`
# and a later `openssl ec` leave them in one file.
{
    sed -n '/BEGIN EC PARAMETERS/,/END EC PARAMETERS/p' "$work/p256-sec1-params.pem"
    cat "$good/p256-sec1.enc-traditional-aes128.pem"
} >"$good/p256-sec1-params-block.enc-traditional-aes128.pem"
cp "$good/rsa2048-pkcs1.enc-traditional-aes256.pem" "$work/rsa2048-trad.pem"

# ---------------------------------------------------------------- company for keys

# Certificates, requests and the text that openssl prints around keys.
for pair in p256:pkcs8 rsa2048:pkcs1; do
    name=${pair%%:*}
    key=$work/$name-${pair#*:}.pem
    o req -x509 -new -key "$key" -subj "/O=Example/CN=Test CA $name" -days 36500 -out "$work/$name.crt"
    o req -new -key "$key" -subj "/O=Example/CN=Test CA $name" -out "$work/$name.csr"
    o pkey -in "$key" -pubout -out "$work/$name.pub"
    o x509 -in "$work/$name.crt" -text -out "$work/$name.crt.txt"
    o pkcs12 -export -inkey "$key" -in "$work/$name.crt" -name "test key $name" \
        -passout "pass:$passphrase" -out "$work/$name.p12"
    o pkcs12 -in "$work/$name.p12" -passin "pass:$passphrase" -nodes -out "$work/$name.p12.txt"
done
o pkcs12 -in "$work/p256.p12" -passin "pass:$passphrase" -passout "pass:$passphrase" \
    -out "$work/p256.p12.enc.txt"
o pkey -in "$work/p256.pub" -pubin -pubout -outform DER -out "$work/p256.pub.der"
o pkey -in "$work/p256-pkcs8.pem" -text -out "$work/p256.key.txt"
o rsa -traditional -in "$work/rsa2048-pkcs1.pem" -text -out "$work/rsa2048.key.txt"
o req -x509 -new -key "$work/p256-other-pkcs8.pem" -subj "/CN=Other CA" -days 36500 -out "$work/p256-other.crt"

# ---------------------------------------------------------------- other kinds

# Keys of kinds, curves and sizes that the reader must refuse; craft.py gives
# them their places. OpenSSL 3.0.22 takes every one of them.
for bits in 1024 2047; do
    rsa "kind-rsa$bits" "$bits"
done
for curve in p521:secp521r1 p224:secp224r1 secp256k1:secp256k1; do
    name=kind-${curve%%:*}
    o ecparam -name "${curve#*:}" -genkey -noout -out "$work/$name-sec1.pem"
    o pkcs8 -topk8 -nocrypt -in "$work/$name-sec1.pem" -out "$work/$name-pkcs8.pem"
done
o ec -in "$work/kind-secp256k1-sec1.pem" -param_enc explicit -out "$work/kind-secp256k1-explicit.pem"
o genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1 -out "$work/kind-brainpool256-pkcs8.pem"
o genpkey -algorithm SM2 -out "$work/kind-sm2-pkcs8.pem"
# Small DSA and Diffie-Hellman keys are quick to make, and small files.
o dsaparam -out "$work/dsa.par" 1024
o gendsa -out "$work/kind-dsa-pkcs8.pem" "$work/dsa.par"
o pkey -traditional -in "$work/kind-dsa-pkcs8.pem" -out "$work/kind-dsa-traditional.pem"
o genpkey -algorithm DH -pkeyopt group:ffdhe2048 -out "$work/kind-dh-pkcs8.pem"
for algorithm in x25519 x448 ed448; do
    o genpkey -algorithm "$algorithm" -out "$work/kind-$algorithm-pkcs8.pem"
done
o genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$work/kind-rsa-pss-pkcs8.pem"
o genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256 \
    -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:32 \
    -out "$work/kind-rsa-pss-restricted-pkcs8.pem"
o pkcs8 -topk8 -in "$work/kind-p521-pkcs8.pem" -passout "pass:$passphrase" -out "$work/kind-p521.enc.pem"
o rsa -traditional -in "$work/kind-rsa1024-pkcs1.pem" -aes256 -passout "pass:$passphrase" \
    -out "$work/kind-rsa1024.enc.pem"

# ---------------------------------------------------------------- surgery

python3 "$here/craft.py" "$work" "$out"

# ---------------------------------------------------------------- the oracle

# OpenSSL's answer to each file. Should it refuse one, that is an error here: the
# file is not good by our rule. The exception is PKCS#8 v2, which OpenSSL 3.0
# refuses once the [1] publicKey is there; for those, craft.py left the same
# key as v1 in $work/v1: version 0, no [1], the OCTET STRING as it was.
for file in "$good"/*.pem; do
    name=$(basename "$file" .pem)
    source=$file
    if [ -e "$work/v1/$name.pem" ]; then
        source=$work/v1/$name.pem
        if "$OPENSSL" pkcs8 -topk8 -nocrypt -outform DER -in "$file" -passin "pass:$passphrase" \
            -out /dev/null 2>/dev/null; then
            echo "generate.sh: note: this openssl takes PKCS#8 v2 ($name)" >&2
        fi
    fi
    o pkcs8 -topk8 -nocrypt -outform DER -in "$source" -passin "pass:$passphrase" -out "$good/$name.p8"
    # No vector that is not a sound key: `pkcs8` itself looks at next to nothing.
    o pkey -inform DER -in "$good/$name.p8" -check -noout >/dev/null
done

rm -rf "$here/good" "$here/bad"
mv "$out/good" "$out/bad" "$here"
set -- "$here"/good/*.pem
echo "good: $#"
set -- "$here"/bad/*.pem
echo "bad: $#"
