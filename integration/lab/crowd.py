"""Many BGP neighbors in one program: what each of them hears, and when."""

import selectors
import socket
import struct
import threading
import time
from typing import Callable

from lab.bgp_bytes import (HEADER_LENGTH, IPV4, KEEPALIVE_MESSAGE, UPDATE, open_message)
from lab.network import Namespace

PORT = 1179
PEER_AS = 64500
HOLD_SECONDS = 3


def address(number: int) -> str:
    """That of a neighbor."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


class Ear:
    """One session: how many routes it has, and when that changed last."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self.routes = 0
        self.updates = 0
        self.changed_at = 0.0
        self.heard_at = time.monotonic()
        self.longest_silence = 0.0
        self._octets = b""

    def read(self) -> bool:
        """Takes what is there; false once the session has ended."""
        try:
            octets = self.connection.recv(1 << 20)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        now = time.monotonic()
        self.longest_silence = max(self.longest_silence, now - self.heard_at)
        self.heard_at = now
        self._octets += octets
        begin = 0
        while len(self._octets) - begin >= HEADER_LENGTH:
            length, kind = struct.unpack_from("!HB", self._octets, begin + 16)
            if len(self._octets) - begin < length:
                break
            if kind == UPDATE:
                self._hear(self._octets[begin + HEADER_LENGTH:begin + length], now)
            begin += length
        self._octets = self._octets[begin:]
        return bool(octets)

    def _hear(self, body: bytes, now: float) -> None:
        """All prefixes are of 24 bits, so each takes four octets. An announcement of what is known
        changes no count."""
        withdrawn = struct.unpack_from("!H", body)[0]
        attributes = struct.unpack_from("!H", body, 2 + withdrawn)[0]
        announced = len(body) - 4 - withdrawn - attributes
        self.routes += announced // 4 - withdrawn // 4
        self.updates += 1
        self.changed_at = now


class Crowd:
    """Waits to be dialled at PORT of every loopback address. A context manager with a thread."""

    def __init__(self, namespace: Namespace):
        self.namespace = namespace
        self.ears: dict = {}
        self._listener = namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("0.0.0.0", PORT))
        self._listener.listen(1024)
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._open = open_message(PEER_AS, IPV4, hold_time=HOLD_SECONDS)
        self._ends = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Crowd":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ends = True
        self._thread.join()
        for ear in self.ears.values():
            ear.connection.close()
        self._listener.close()

    def _run(self) -> None:
        beat = time.monotonic()
        while not self._ends:
            for key, _ in self._selector.select(0.05):
                if key.fileobj is self._listener:
                    self._accept()
                elif not self.ears[key.fd].read():
                    self._selector.unregister(key.fileobj)
            if time.monotonic() >= beat:
                beat += HOLD_SECONDS / 3
                for ear in list(self.ears.values()):
                    self._send(ear.connection, KEEPALIVE_MESSAGE)

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                self.ears[connection.fileno()] = Ear(connection)
                self._selector.register(connection, selectors.EVENT_READ)
                self._send(connection, self._open + KEEPALIVE_MESSAGE)
        except BlockingIOError:
            pass

    @staticmethod
    def _send(connection: socket.socket, content: bytes) -> None:
        try:
            connection.send(content)
        except OSError:
            pass  # the reader sees why

    def wait(self, what: str, holds: Callable[[Ear], bool], count: int, bound: float = 120) -> list:
        """Waits until it holds for so many sessions; when each of them changed last, in order."""
        deadline = time.monotonic() + bound
        while sum(map(holds, list(self.ears.values()))) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {bound} s: {what}")
            time.sleep(0.002)
        return sorted(ear.changed_at for ear in list(self.ears.values()) if holds(ear))
