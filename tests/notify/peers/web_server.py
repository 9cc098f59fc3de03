#!/usr/bin/env python3
"""web_server.py FOLDER CERTIFICATE KEY [option…]: an HTTPS server on 127.0.0.1. It prints "port N" once it listens.

What it is sent lies in FOLDER as N.body, octet for octet, with N.json about the request.
"""
import argparse
import http.server
import json
import pathlib
import socket
import ssl
import struct
import time


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("certificate")
    parser.add_argument("key")
    parser.add_argument("--answer", type=int, default=200)
    parser.add_argument("--location", help="where a redirect leads")
    parser.add_argument("--mute", action="store_true", help="never answers")
    parser.add_argument("--reset", action="store_true", help="breaks the connection instead of an answer")
    return parser.parse_args()


ASKED = options()


class Handler(http.server.BaseHTTPRequestHandler):
    taken = 0

    def do_POST(self):
        Handler.taken += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        (ASKED.folder / f"{Handler.taken}.body").write_bytes(body)
        about = {"path": self.path, "headers": dict(self.headers.items())}
        (ASKED.folder / f"{Handler.taken}.json").write_text(json.dumps(about), encoding="utf-8")
        if ASKED.mute:
            time.sleep(600)
        if ASKED.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.socket.close(self.connection)
            self.close_connection = True
            return
        self.send_response(ASKED.answer)
        if ASKED.location:
            self.send_header("Location", ASKED.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        (ASKED.folder / "followed").touch()
        self.send_error(404)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(ASKED.certificate, ASKED.key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("port", server.server_address[1], flush=True)
server.serve_forever()
