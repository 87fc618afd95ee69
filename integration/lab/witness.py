"""A neighbor that behaves, and notices when herald is late."""

import select
import threading
import time

from lab.bgp_bytes import KEEPALIVE_MESSAGE
from lab.raw import RawLab

HOLD_SECONDS = 3
INTERVAL = 0.5  # between its own keepalives


class Witness:
    """An established session with a hold time of 3 s, kept up by a thread of its own. A context
    manager."""

    def __init__(self, lab: RawLab, name: str = "witness"):
        self._peer = lab.established(name, hold_time=HOLD_SECONDS)
        self._arrivals = [time.monotonic()]
        self._leaving = threading.Event()
        self._failure = ""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Witness":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._leaving.set()
        self._thread.join()
        with self._peer:
            pass

    def _run(self) -> None:
        try:
            while not self._leaving.is_set():
                self._peer.send(KEEPALIVE_MESSAGE)
                if select.select([self._peer.socket], [], [], INTERVAL)[0]:
                    self._take()
        except OSError as error:
            self._failure = f"the session failed: {error}"

    def _take(self) -> None:
        message = self._peer.receive()
        if message == KEEPALIVE_MESSAGE:
            self._arrivals.append(time.monotonic())
        else:
            self._failure = self._failure or f"herald sent {message!r}"
            self._leaving.set()

    def keepalives(self) -> int:
        """How many have come."""
        return len(self._arrivals)

    def longest_gap(self) -> float:
        """The longest time without a keepalive, in seconds, the time since the last included."""
        times = [*self._arrivals, time.monotonic()]
        return max(later - earlier for earlier, later in zip(times, times[1:]))

    def check(self) -> None:
        """The session is up, and no keepalive was so late that a neighbor would have given up."""
        assert not self._failure, self._failure
        assert self.longest_gap() < HOLD_SECONDS
