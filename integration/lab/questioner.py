"""A client that asks an anycast DNS server at a steady pace, and counts what is not answered."""

import selectors
import socket
import threading
import time
from dataclasses import dataclass
from typing import Optional

from lab.dns_messages import question, read_answer
from lab.network import Namespace

PER_SECOND = 200
SOURCE_PORTS = 16  # enough flows for a router to spread over its paths
PATIENCE_SECONDS = 1.0


@dataclass
class Query:
    """One question: when it was asked, by the wall clock, and who answered; None: nobody."""

    asked: float
    server: Optional[str] = None


class Questioner:
    """Asks from a thread of its own while the context lasts; then waits for the last answers."""

    def __init__(self, namespace: Namespace, address: str):
        self.queries: list = []
        self._server = (address, 53)
        self._sockets = [namespace.open_socket(socket.AF_INET, socket.SOCK_DGRAM)
                         for _ in range(SOURCE_PORTS)]
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._ask_and_listen)

    def __enter__(self) -> "Questioner":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ending.set()
        self._thread.join()
        for each in self._sockets:
            each.close()

    @property
    def lost(self) -> list:
        """The queries that nobody answered."""
        return [query for query in self.queries if query.server is None]

    def servers_since(self, time_of: float) -> set:
        """Who answered what was asked after that time."""
        return {query.server for query in self.queries
                if query.asked > time_of and query.server is not None}

    def _ask_and_listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in self._sockets:
                each.setblocking(False)
                selector.register(each, selectors.EVENT_READ)
            start = time.monotonic()
            while not self._ending.is_set():
                self._ask(len(self.queries))
                self._listen(selector, start + len(self.queries) / PER_SECOND)
            self._listen(selector, time.monotonic() + PATIENCE_SECONDS)

    def _ask(self, number: int) -> None:
        self.queries.append(Query(time.time()))
        self._sockets[number % SOURCE_PORTS].sendto(question(number), self._server)

    def _listen(self, selector: selectors.BaseSelector, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                number, server = read_answer(key.fileobj.recv(512))
                self.queries[number].server = server
