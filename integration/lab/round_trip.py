"""How long a packet takes to a process on the node and back, for comparison with herald's times."""

import socket
import sys
import time

from lab.site import Leaf, Site
from lab.waiting import wait_until

# What takes fewer round trips than this has waited for no timer: the machine delays both alike.
MANY = 20
PORT = 7
ANSWER = """
import socket, sys
echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
echo.bind((sys.argv[1], int(sys.argv[2])))
while True:
    echo.sendto(*echo.recvfrom(64))
"""


class Echo:
    """A process on the node that answers each datagram of a router's. A context manager."""

    def __init__(self, site: Site, leaf: Leaf):
        self._process = site.node.start(
            [sys.executable, "-c", ANSWER, leaf.node_ipv4, PORT], site.folder / "echo.log")
        self._socket = leaf.namespace.open_socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0.1)
        self._address = (leaf.node_ipv4, PORT)
        self._sent = 0

    def __enter__(self) -> "Echo":
        wait_until("it answers", self.answered)
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.close()
        self._process.kill()

    def answered(self) -> bool:
        """Whether a datagram comes back, which is waited for."""
        self._sent += 1
        self._socket.sendto(str(self._sent).encode(), self._address)
        try:
            while self._socket.recv(64) != str(self._sent).encode():
                pass  # the answer to one that was given up
        except (TimeoutError, ConnectionRefusedError):
            return False
        return True

    def round_trip(self) -> float:
        """The seconds that one takes."""
        while True:
            began = time.perf_counter()
            if self.answered():
                return time.perf_counter() - began
