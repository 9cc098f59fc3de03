#!/usr/bin/env python3
"""read_mail.py FILE: a mail as Python's email package reads it, as JSON: headers (decoded), parts, and what is wrong with it."""
import email
import email.policy
import json
import sys

with open(sys.argv[1], "rb") as file:
    raw = file.read()
message = email.message_from_bytes(raw, policy=email.policy.default)
defects = [repr(defect) for part in message.walk() for defect in part.defects]
defects += [repr(defect) for value in message.values() for defect in value.defects]
print(json.dumps({
    "names": [name for name, _ in message.items()],
    "headers": {name.lower(): str(value) for name, value in message.items()},
    "to": [address.addr_spec for address in message["To"].addresses],
    "date": message["Date"].datetime.isoformat(),
    "type": message.get_content_type(),
    "parts": [{"type": part.get_content_type(), "charset": part.get_content_charset(), "text": part.get_content().replace("\r\n", "\n")}
              for part in message.iter_parts()],
    "longest_line": max(len(line) for line in raw.split(b"\r\n")),
    "bare_line_feeds": raw.replace(b"\r\n", b"").count(b"\n"),
    "ascii": raw.isascii(),
    "defects": defects,
}))
