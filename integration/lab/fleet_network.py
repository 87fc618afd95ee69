"""What is around the nodes of a fleet: the way to etcd, and the routers that hear them."""

import select
import socket
import struct
import threading
import time

from lab.bgp_bytes import (EXTENDED_LENGTH, HEADER_LENGTH, IPV4, KEEPALIVE_MESSAGE, UPDATE,
                           open_message)
from lab.etcd import CLIENT_PORT
from lab.network import Namespace
from lab.site import ROUTER_AS

ROUTERS_PORT, HOLD_SECONDS = 1179, 30
AS_PATH = 2


class Answerer:
    """A service that takes every connection, and closes it."""

    def __init__(self, namespace: Namespace, address: str, port: int):
        self._listener = namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, port))
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                self._listener.accept()[0].close()
            except OSError:
                return

    def close(self) -> None:
        """Connections are refused from now on."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()


class Relay:
    """Passes TCP connections on to an etcd member, later if it is told to, or not at all."""

    def __init__(self, namespace: Namespace, address: str, target: str):
        self.namespace, self.address, self.target = namespace, address, target
        self.delay, self.cut = 0.0, False
        self._listener = namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, CLIENT_PORT))
        self._listener.listen(64)
        self._wake, self._woken = socket.socketpair()
        self._others: dict = {}
        self._due: list = []
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends:
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else 0.2
            readable, _, _ = select.select([self._listener, self._woken, *self._others], [], [],
                                           wait)
            for each in readable:
                if each is self._listener:
                    self._accept()
                elif each is self._woken:
                    each.recv(64)
                elif each in self._others:
                    self._read(each)
            while self._due and self._due[0][0] <= time.monotonic():
                _, to, octets = self._due.pop(0)
                if not self.cut:
                    self._send(to, octets)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if self.cut:
            self._others[near] = near  # is never answered
            return
        far = self.namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            far.connect((self.target, CLIENT_PORT))
        except OSError:
            near.close()
            far.close()
            return
        self._others[near], self._others[far] = far, near

    def _read(self, of: socket.socket) -> None:
        try:
            octets = of.recv(1 << 16)
        except OSError:
            octets = b""
        other = self._others[of]
        if self.cut and octets:
            return
        if octets:
            self._due.append((time.monotonic() + self.delay, other, octets))
            return
        for each in {of, other}:
            self._others.pop(each, None)
            each.close()

    @staticmethod
    def _send(to: socket.socket, octets: bytes) -> None:
        try:
            to.settimeout(1.0)
            to.sendall(octets)
        except OSError:
            pass  # the reader sees why

    def close(self) -> None:
        """Ends it, with its connections."""
        self._ends = True
        self._wake.send(b"x")
        self._thread.join()
        for each in [self._listener, self._wake, self._woken, *self._others]:
            each.close()


class Routers:
    """One BGP speaker that every node dials, each from its own address: who has the prefix.

    `changes` has (time, node's address, announced) for each change, in order, `updates` (time,
    node's address) for each UPDATE, and `paths` the length of the AS_PATH by a node's address.
    """

    def __init__(self, namespace: Namespace):
        self.changes: list = []
        self.updates: list = []
        self.paths: dict = {}
        self.announced: set = set()
        self._sessions: dict = {}
        self._listener = namespace.open_socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", ROUTERS_PORT))
        self._listener.listen(64)
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        beat = time.monotonic()
        while not self._ends:
            readable, _, _ = select.select([self._listener, *self._sessions], [], [], 0.1)
            for each in readable:
                if each is self._listener:
                    connection, (address, _) = each.accept()
                    self._sessions[connection] = [address, b""]
                    connection.sendall(open_message(ROUTER_AS, IPV4, hold_time=HOLD_SECONDS)
                                       + KEEPALIVE_MESSAGE)
                else:
                    self._read(each)
            if time.monotonic() >= beat:
                beat += HOLD_SECONDS / 3
                for each in list(self._sessions):
                    self._say(each, KEEPALIVE_MESSAGE)

    def _say(self, to: socket.socket, octets: bytes) -> None:
        try:
            to.sendall(octets)
        except OSError:
            pass  # the reader sees why

    def _read(self, of: socket.socket) -> None:
        session = self._sessions[of]
        try:
            octets = of.recv(1 << 16)
        except OSError:
            octets = b""
        if not octets:
            self._note(session[0], False)
            del self._sessions[of]
            of.close()
            return
        session[1] += octets
        while len(session[1]) >= HEADER_LENGTH:
            length, kind = struct.unpack_from("!HB", session[1], 16)
            if len(session[1]) < length:
                break
            if kind == UPDATE:
                self._hear(session[0], session[1][HEADER_LENGTH:length])
            session[1] = session[1][length:]

    def _hear(self, address: str, body: bytes) -> None:
        withdrawn = struct.unpack_from("!H", body)[0]
        attributes = struct.unpack_from("!H", body, 2 + withdrawn)[0]
        self.updates.append((time.monotonic(), address))
        if withdrawn:
            self._note(address, False)
        if len(body) > 4 + withdrawn + attributes:
            self.paths[address] = _path_length(body[4 + withdrawn:4 + withdrawn + attributes])
            self._note(address, True)

    def _note(self, address: str, announced: bool) -> None:
        if announced == (address in self.announced):
            return
        (self.announced.add if announced else self.announced.discard)(address)
        self.changes.append((time.monotonic(), address, announced))

    def close(self) -> None:
        """Ends all sessions."""
        self._ends = True
        self._thread.join()
        for each in [self._listener, *self._sessions]:
            each.close()


def _path_length(attributes: bytes) -> int:
    """The AS numbers in AS_PATH, of one segment."""
    while attributes:
        flags, kind = attributes[:2]
        wide = bool(flags & EXTENDED_LENGTH)
        length = struct.unpack_from("!H" if wide else "!B", attributes, 2)[0]
        value, attributes = attributes[3 + wide:3 + wide + length], attributes[3 + wide + length:]
        if kind == AS_PATH:
            return value[1]
    raise AssertionError("no AS_PATH")
