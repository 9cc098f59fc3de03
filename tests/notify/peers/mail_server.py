#!/usr/bin/env python3
"""mail_server.py FOLDER [option…]: a mail server of Debian's python3-aiosmtpd on 127.0.0.1. It prints "port N" once it listens.

What is taken lies in FOLDER as N.eml, octet for octet, with N.json about its envelope; what was asked stands in FOLDER/log.
"""
import argparse
import asyncio
import json
import pathlib
import socket
import ssl
import struct

from aiosmtpd.smtp import SMTP, AuthResult


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tls", choices=["implicit", "starttls", "none"], default="implicit")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user", help="who must log in")
    parser.add_argument("--password")
    parser.add_argument("--recipient", action="append", default=[], metavar="ADDRESS=ANSWER", help="how that one is refused")
    parser.add_argument("--message", metavar="ANSWER", help="how each message is refused")
    parser.add_argument("--echo-password", action="store_true", help="what was sent to log in is in the refusal")
    parser.add_argument("--mute", action="store_true", help="says nothing to anybody")
    parser.add_argument("--reset", choices=["greeting", "data"], help="where it breaks the connection")
    return parser.parse_args()


def break_connection(transport):
    """By a RST, not by a FIN."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Handler:
    def __init__(self, asked):
        self.asked = asked
        self.taken = 0

    def log(self, line):
        with open(self.asked.folder / "log", "a", encoding="utf-8") as log:
            log.write(line + "\n")

    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        self.log(f"MAIL {address}")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        self.log(f"RCPT {address}")
        for refused in self.asked.recipient:
            who, answer = refused.split("=", 1)
            if who == address:
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.log("DATA")
        if self.asked.reset == "data":
            break_connection(server.transport)
            return "451 unheard"
        if self.asked.message:
            return self.asked.message
        self.taken += 1
        about = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
        }
        (self.asked.folder / f"{self.taken}.eml").write_bytes(envelope.original_content)
        (self.asked.folder / f"{self.taken}.json").write_text(json.dumps(about), encoding="utf-8")
        return "250 taken"


class Login:
    def __init__(self, asked, handler):
        self.asked = asked
        self.handler = handler

    def __call__(self, server, session, envelope, mechanism, data):
        self.handler.log(f"AUTH {mechanism}")
        if data.login.decode() == self.asked.user and data.password.decode() == self.asked.password:
            return AuthResult(success=True, auth_data=data)
        said = data.password.decode() if self.asked.echo_password else "no"
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 {said}")


class Mute(asyncio.Protocol):
    def __init__(self, handler):
        self.handler = handler

    def connection_made(self, transport):
        self.handler.log("connected")
        if self.handler.asked.reset == "greeting":
            break_connection(transport)


async def main():
    asked = options()
    handler = Handler(asked)
    context = None
    if asked.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(asked.certificate, asked.key)

    def protocol():
        if asked.mute or asked.reset == "greeting":
            return Mute(handler)
        handler.log("connected")
        return SMTP(handler, hostname="mail.example.org", tls_context=context if asked.tls == "starttls" else None,
                    auth_required=asked.user is not None, auth_require_tls=asked.tls == "starttls", authenticator=Login(asked, handler))

    implicit = context if asked.tls == "implicit" and not asked.mute else None
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=implicit)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
