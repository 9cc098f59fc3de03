#!/usr/bin/env python3
"""check_signature.py KEY BODY SIGNATURE: what a receiver of webhooks does with the header. Prints the time if it is good."""
import hashlib
import hmac
import pathlib
import sys

key, body, signature = pathlib.Path(sys.argv[1]).read_bytes(), pathlib.Path(sys.argv[2]).read_bytes(), sys.argv[3]
fields = dict(field.split("=", 1) for field in signature.split(","))
expected = hmac.new(key, fields["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
if not hmac.compare_digest(expected, fields["v1"]):
    sys.exit("the signature is another")
print(fields["t"])
