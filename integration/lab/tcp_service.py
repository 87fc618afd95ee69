"""The service of the lab: accepts TCP connections at ADDRESS PORT, greets, closes.

Run as a program of its own, so that a scenario can kill it like any other daemon.
"""

import socketserver
import sys


class Greeter(socketserver.BaseRequestHandler):
    """Answers every connection with one line."""

    def handle(self) -> None:
        self.request.sendall(b"at your service\n")


class Server(socketserver.TCPServer):
    """A server that can come back at once on the port it just left."""

    allow_reuse_address = True


def main() -> None:
    """Serves until killed."""
    address, port = sys.argv[1], int(sys.argv[2])
    with Server((address, port), Greeter) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
