"""Services that behave badly, each at a port of its own: ADDRESS PORT:MANNER…

Run as a program of its own. The manners of TCP are the functions below; those of UDP begin with
"udp-".
"""

import os
import socket
import socketserver
import struct
import sys
import threading
import time

DRIP_SECONDS = 0.1
PIECE = b"x" * 65536


def silent(connection: socket.socket) -> None:
    """Reads, and never answers."""
    while connection.recv(65536):
        pass


def reset(connection: socket.socket) -> None:
    """Resets the connection once it was asked something."""
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(connection: socket.socket) -> None:
    """A good response of HTTP, one byte at a time."""
    connection.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
        connection.sendall(bytes([byte]))
        time.sleep(DRIP_SECONDS)


def garbage(connection: socket.socket) -> None:
    """Noise that no protocol begins with."""
    connection.recv(65536)
    connection.sendall(b"\x00" + os.urandom(1000))


def closing(connection: socket.socket) -> None:
    """Closes without an answer."""
    connection.recv(65536)


def cut(connection: socket.socket) -> None:
    """Ends in the middle of a header."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-")


def endless_header(connection: socket.socket) -> None:
    """A header without an end."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(PIECE)


def huge(connection: socket.socket) -> None:
    """A gigabyte of content."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(1_000_000_000 // len(PIECE)):
        connection.sendall(PIECE)


def udp_silent(_: socket.socket, __: bytes, ___: tuple) -> None:
    """Takes what comes and says nothing."""


def udp_garbage(answering: socket.socket, _: bytes, client: tuple) -> None:
    """Noise."""
    answering.sendto(os.urandom(100), client)


def udp_echo(answering: socket.socket, request: bytes, client: tuple) -> None:
    """What was asked, which is no reply."""
    answering.sendto(request, client)


def udp_elsewhere(_: socket.socket, request: bytes, client: tuple) -> None:
    """What a DNS server would answer, but from another port."""
    reply = request[:2] + b"\x81\x80" + request[4:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.sendto(reply, client)


class Listener(socketserver.ThreadingTCPServer):
    """A TCP server of one manner."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple, manner):
        self._manner = manner
        super().__init__(address, socketserver.BaseRequestHandler)

    def finish_request(self, request, client_address) -> None:
        """Deals with one connection."""
        try:
            self._manner(request)
        except OSError:
            pass  # the client has left

    def shutdown_request(self, request) -> None:
        """Closes at once: a shutdown before that would take the place of a reset."""
        request.close()


def serve_datagrams(answering: socket.socket, manner) -> None:
    """Deals with one datagram after the other."""
    while True:
        request, client = answering.recvfrom(65536)
        manner(answering, request, client)


def main() -> None:
    """Serves until killed."""
    address = sys.argv[1]
    for word in sys.argv[2:]:
        port, name = word.split(":")
        manner = globals()[name.replace("-", "_")]
        if name.startswith("udp-"):
            answering = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            answering.bind((address, int(port)))
            threading.Thread(target=serve_datagrams, args=(answering, manner), daemon=True).start()
        else:
            listener = Listener((address, int(port)), manner)
            threading.Thread(target=listener.serve_forever, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
