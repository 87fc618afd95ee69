"""A million routes at full speed: to herald, and for comparison to BIRD, which imports none."""

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from lab.bgp_bytes import (IPV4, KEEPALIVE, KEEPALIVE_MESSAGE, attribute, header, notification,
                           open_message, segment, update)
from lab.network import Namespace
from lab.processes import Process
from lab.raw import BGP_PORT, PEER_AS, Peer
from lab.site import HERALD_AS
from lab.waiting import wait_until

ROUTES = 1_000_000
BIRD = shutil.which("bird", path="/usr/sbin")
BIRD_ADDRESS, BIRD_PEER = "127.0.0.2", "127.1.1.1"
BAD_HEADER = header(18, KEEPALIVE)
ATTRIBUTES = (attribute(0x40, 1, b"\0") + attribute(0x40, 2, segment(PEER_AS, 64999, 64998))
              + attribute(0x40, 3, b"\x7f\1\0\1") + attribute(0xC0, 8, b"\xfb\xf4\0\1\xfb\xf4\0\2"))
FIRST = 11 << 16  # 11.0.0.0/24 is the first prefix
ANSWER_SECONDS = 60.0


def messages(routes: int, per_update: int) -> bytes:
    """UPDATEs that announce this many different /24, so many in each."""
    prefixes = [b"\x18" + number.to_bytes(3, "big") for number in range(FIRST, FIRST + routes)]
    return b"".join(update(ATTRIBUTES, b"".join(prefixes[start:start + per_update]))
                    for start in range(0, routes, per_update))


def packed(routes: int = ROUTES) -> bytes:
    """As many routes in an UPDATE as go into 4096 octets."""
    return messages(routes, (4096 - len(update(ATTRIBUTES))) // 4)


def single(routes: int = ROUTES) -> bytes:
    """Each route in an UPDATE of its own."""
    return messages(routes, 1)


@dataclass
class Taken:
    """What it cost a daemon to take a stream: seconds by the wall's clock and of processor."""

    wall: float
    processor: float


def feed(peer: Peer, process: Process, content: bytes) -> Taken:
    """Sends the stream and behind it a header whose length cannot be: the NOTIFICATION for it
    shows that all before it has been read and acted on. It ends the session."""
    peer.socket.settimeout(ANSWER_SECONDS)
    processor, began = processor_seconds(process), time.monotonic()
    peer.send(content, BAD_HEADER)
    peer.receive_until(notification(1, 2, b"\0\x12"))
    taken = Taken(time.monotonic() - began, processor_seconds(process) - processor)
    with peer:
        assert peer.rest() == b""
    return taken


def processor_seconds(process: Process) -> float:
    """The processor time a program has used, to the nanosecond."""
    return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9


class Bird:
    """BIRD with one neighbor from which it imports nothing. A context manager."""

    def __init__(self, namespace: Namespace):
        self._namespace = namespace
        self._folder = Path(tempfile.mkdtemp(prefix="herald-bird-"))

    def __enter__(self) -> "Bird":
        configuration = self._folder / "bird.conf"
        configuration.write_text(f"""
            router id {BIRD_ADDRESS};
            protocol device {{ }}
            protocol bgp peer {{
              local {BIRD_ADDRESS} as {HERALD_AS};
              neighbor {BIRD_PEER} as {PEER_AS};
              multihop; passive; strict bind; error wait time 1, 1;
              ipv4 {{ import none; export none; }};
            }}""", encoding="utf-8")
        self.process = self._namespace.start(
            [BIRD, "-f", "-c", configuration, "-s", self._folder / "bird.ctl",
             "-P", self._folder / "bird.pid"], self._folder / "bird.log")
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        shutil.rmtree(self._folder)

    def established(self) -> Peer:
        """A session with it. After an error it refuses any for a second."""
        peer = wait_until("BIRD takes a connection", self._connect)
        peer.send(open_message(PEER_AS, IPV4), KEEPALIVE_MESSAGE)
        peer.receive_until(update())
        return peer

    def _connect(self):
        try:
            peer = Peer(self._namespace.connect(BIRD_ADDRESS, BGP_PORT, source=BIRD_PEER))
        except ConnectionRefusedError:
            return None
        return peer if peer.receive() else None
