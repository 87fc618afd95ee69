#!/usr/bin/python3
"""Prints what it costs herald, and BIRD beside it, to tell many neighbors much.

    bench_many_neighbors.py [NEIGHBORS [PREFIXES]]        default: 500 10000

Needs root, BIRD 2 and the release build. All neighbors are one program on loopback, which takes
processor time of its own; the hold time is 3 s.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable

from lab.capture import Capture
from lab.crowd import HOLD_SECONDS, PEER_AS, PORT, Crowd, address
from lab.herald import Herald
from lab.network import Namespace, remove_leftovers
from lab.site import HERALD_AS, settings

BIRD = "/usr/sbin/bird"
FEW_PREFIXES = 100
WATCH = """
import http.client, socket, sys, time
class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])
slowest, asked = 0.0, Unix("herald")
try:
    while True:
        begin = time.monotonic()
        asked.request("GET", "/livez")
        asked.getresponse().read()
        slowest = max(slowest, time.monotonic() - begin)
        time.sleep(0.001)
except BaseException:
    print(1000 * slowest)
"""


def prefixes(count: int) -> list:
    """Of 24 bits each."""
    return [f"{20 + number // 65536}.{number // 256 % 256}.{number % 256}.0/24"
            for number in range(count)]


class HeraldUnderTest:
    """A heraldd with one service that is announced to all."""

    def __init__(self, namespace: Namespace, folder: Path, neighbors: int, count: int):
        self._herald = Herald(namespace, folder)
        self._herald.configure({**settings(
            [{"name": f"n{number}", "address": address(number), "port": PORT,
              "remote_as": PEER_AS, "hold_time": f"{HOLD_SECONDS}s"}
             for number in range(neighbors)],
            [{"name": "dns", "prefixes": prefixes(count), "drain_time": "1h"}]),
            "log": {"level": "warning"}})

    def start(self) -> None:
        self._herald.start()

    @property
    def process(self):
        return self._herald.process

    def change(self) -> None:
        self._herald.ctl("drain", "dns")

    def withdraw(self) -> None:
        self._herald.ctl("drain", "dns", "--now")

    def watch(self) -> subprocess.Popen:
        """Asks again and again whether it is alive, and says how long the longest answer took."""
        return subprocess.Popen([sys.executable, "-c", WATCH, self._herald.socket],
                                stdout=subprocess.PIPE, text=True)

    def stop(self) -> None:
        self.process.stop()


class BirdUnderTest:
    """BIRD with as many static routes, exported to all."""

    def __init__(self, namespace: Namespace, folder: Path, neighbors: int, count: int):
        self._namespace, self._folder = namespace, folder
        folder.mkdir()
        routes = "".join(f"route {prefix} unreachable;\n" for prefix in prefixes(count))
        sessions = "".join(f"""protocol bgp n{number} {{
            local 127.0.0.1 as {HERALD_AS}; neighbor {address(number)} port {PORT} as {PEER_AS};
            multihop; hold time {HOLD_SECONDS}; connect delay time 1; error wait time 1, 1;
            ipv4 {{ import none; export filter herald; next hop address 127.0.0.1; }};
            }}\n""" for number in range(neighbors))
        self._configuration = folder / "bird.conf"
        self._text = f"""router id 127.0.0.1;
            protocol device {{ }}
            filter herald {{ bgp_med = MED; accept; }}
            protocol static herald_routes {{ ipv4; {routes} }}
            {sessions}"""
        self._configure(0)

    def _configure(self, med: int) -> None:
        self._configuration.write_text(self._text.replace("MED", str(med)), encoding="utf-8")

    def _birdc(self, *words: str) -> str:
        return self._namespace.run("birdc", "-s", self._folder / "bird.ctl", *words).stdout

    def start(self) -> None:
        self.process = self._namespace.start(
            [BIRD, "-f", "-c", self._configuration, "-s", self._folder / "bird.ctl",
             "-P", self._folder / "bird.pid"], self._folder / "bird.log")

    def change(self) -> None:
        self._configure(1)
        self._birdc("configure")

    def withdraw(self) -> None:
        self._birdc("disable", "herald_routes")

    def stop(self) -> None:
        self.process.stop()


def timed(crowd: Crowd, what: str, act: Callable, holds: Callable, neighbors: int) -> str:
    """Acts, waits, and says when the first and the last were done."""
    begin = time.monotonic()
    act()
    moments = crowd.wait(what, holds, neighbors)
    return (f"all after {moments[-1] - begin:6.3f} s, "
            f"first to last {1000 * (moments[-1] - moments[0]):7.1f} ms")


def measure(name: str, tested, crowd: Crowd, neighbors: int, count: int) -> None:
    """One life: start, change of attributes, withdrawal."""
    print(f"{name}, {neighbors} neighbors, {count} prefixes")
    print("  start      ", timed(crowd, "all have all", tested.start,
                                 lambda ear: ear.routes >= count, neighbors))
    watch = tested.watch() if isinstance(tested, HeraldUnderTest) else None
    told = {id(ear): ear.updates for ear in crowd.ears.values()}
    before = time.monotonic()
    most = -(-4 * count // 4000)
    if isinstance(tested, HeraldUnderTest):
        print("  attributes ", timed(
            crowd, "all have heard of it", tested.change,
            lambda ear: ear.changed_at > before and ear.updates - told.get(id(ear), 0) >= most
            and ear.routes >= 2 * count, neighbors))
        for ear in crowd.ears.values():
            ear.routes = count
    with Capture(crowd.namespace, "lo", PORT) as capture:
        print("  withdrawal ", timed(crowd, "none has any", tested.withdraw,
                                     lambda ear: ear.routes == 0, neighbors))
        if count <= FEW_PREFIXES:  # one packet for each neighbor
            moments = [message.time for message in capture.arrived() if message.withdraws_ipv4]
            print(f"              first to last of {len(moments)} packets "
                  f"{1000 * (max(moments) - min(moments)):.1f} ms by the kernel's time")
    silence = max(ear.longest_silence for ear in crowd.ears.values())
    print(f"  memory      {tested.process.resident_bytes() / 2**20:.1f} MiB, longest silence on a "
          f"session {silence:.2f} s")
    if watch:
        watch.send_signal(signal.SIGINT)
        slowest = float(watch.communicate()[0])
        print(f"  longest time to an answer at the control socket {slowest:.1f} ms")


def main() -> None:
    """Measures herald and BIRD, one after the other."""
    neighbors = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix="herald-many-"))
    for name, kind in (("herald", HeraldUnderTest), ("BIRD", BirdUnderTest)):
        namespace = Namespace(f"many-{name.lower()}")
        tested = kind(namespace, folder / name, neighbors, count)
        with Crowd(namespace) as crowd:
            measure(name, tested, crowd, neighbors, count)
        tested.stop()
    remove_leftovers()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
