#!/usr/bin/python3
"""Prints how long nobody is there in a restart: from the moment in which the old program begins to
write down what it is to that in which the new one has taken over, by the log's times.

    bench_handover.py [RESTARTS [PREFIXES]]        default: 20 100

Needs root and the release build. With one neighbor, and with 500 in one program that takes
processor time of its own; fails when a session ends or an UPDATE comes.
"""

import re
import shutil
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from bench_many_neighbors import prefixes
from lab.crowd import HOLD_SECONDS, PEER_AS, PORT, Crowd, address
from lab.herald import Herald
from lab.network import Namespace, remove_leftovers
from lab.site import HERALD_AS, settings

GONE = re.compile(r"^(\S+) info heraldd hands over", re.MULTILINE)
BACK = re.compile(r"^(\S+) info heraldd \S+ goes on where", re.MULTILINE)


def pauses(log: str) -> list:
    """Of each restart, in milliseconds."""
    times = [[datetime.fromisoformat(stamp.replace("Z", "+00:00")) for stamp in each.findall(log)]
             for each in (GONE, BACK)]
    assert len(times[0]) == len(times[1])
    return [1000 * (back - gone).total_seconds() for gone, back in zip(*times)]


def measure(namespace: Namespace, folder: Path, neighbors: int, restarts: int, count: int) -> None:
    """Restarts a herald with so many sessions, and prints what it took."""
    herald = Herald(namespace, folder)
    herald.configure({**settings(
        [{"name": f"n{number}", "address": address(number), "port": PORT, "remote_as": PEER_AS,
          "hold_time": f"{HOLD_SECONDS}s"} for number in range(neighbors)],
        [{"name": "dns", "prefixes": prefixes(count)}]), "log": {"level": "info"}})
    with Crowd(namespace) as crowd:
        herald.start()
        crowd.wait("all have all", lambda ear: ear.routes >= count, neighbors)
        before = {key: ear.updates for key, ear in crowd.ears.items()}
        for _ in range(restarts):
            herald.ctl("restart")
        assert {key: ear.updates for key, ear in crowd.ears.items()} == before
        silence = max(ear.longest_silence for ear in crowd.ears.values())
    taken = pauses(herald.process.output())
    print(f"{neighbors:3} sessions, {count} prefixes, {restarts} restarts: "
          f"median {statistics.median(taken):.1f} ms, worst {max(taken):.1f} ms; "
          f"longest silence on a session {silence:.2f} s")
    herald.process.stop()


def main() -> None:
    """With one session and with many."""
    restarts = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix="herald-handover-"))
    for neighbors in (1, 500):
        namespace = Namespace(f"over{neighbors}")
        measure(namespace, folder / str(neighbors), neighbors, restarts, count)
    remove_leftovers()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
