"""relay.py SOURCE TARGET PORT FILE: listens on a port of 127.0.0.1, writes its number to FILE, and carries each connection to TARGET:PORT,
where it comes from the address SOURCE. libpq cannot choose where its connections come from."""
import os
import socket
import sys
import threading

source, target, port, file = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]


def carry(here, there):
    try:
        while octets := here.recv(65536):
            there.sendall(octets)
        there.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client):
    server = socket.create_connection((target, port), source_address=(source, 0))
    threading.Thread(target=carry, args=(client, server), daemon=True).start()
    carry(server, client)


listener = socket.create_server(("127.0.0.1", 0))
with open(file + ".new", "w", encoding="ascii") as out:
    out.write(str(listener.getsockname()[1]))
os.rename(file + ".new", file)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
