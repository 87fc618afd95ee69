#!/usr/bin/python3
"""Prints what a guard costs: from a check's verdict until the withdrawal is at the router, without
a guard, and with etcd 1 ms and 50 ms away.

    bench_fleet.py [FAILURES]        default: 30

Needs root, etcd and the release build. The permit is asked for at the first of three failing
results, which come every 100 ms.
"""

import re
import sys
import time
from datetime import datetime

from lab.fleet import CHECK, Fleet, Node
from lab.network import remove_leftovers
from lab.reaction import distribution
from lab.waiting import wait_until

CHECK.update(interval="200ms", fast_interval="100ms", fall=3, rise=1)
VERDICT = re.compile(r"check tcp of service dns failed.* ended=(\S+) settled=fail")
AWAY = {"without a guard": None, "etcd 1 ms away": 0.001, "etcd 50 ms away": 0.05}


def verdicts(node: Node) -> list:
    """When the check's failure settled, by the wall clock."""
    return [datetime.fromisoformat(moment.rstrip("Z") + "+00:00").timestamp()
            for moment in VERDICT.findall(node.herald.process.output())]


def is_ready(node: Node) -> bool:
    """Whether it is announced, and has no permit left."""
    guard = node.view()["guard"]
    return node.announced and (guard is None or not guard["permitted"])


def reactions(fleet: Fleet, failures: int) -> list:
    """Seconds from the verdict to the router."""
    node, found = fleet.nodes[0], []
    for _ in range(failures):
        wait_until("it is announced", lambda: is_ready(node), 30.0)
        known = len(verdicts(node))
        node.fail()
        wait_until("it is gone", lambda: not node.announced)
        gone = fleet.routers.changes[-1][0] - time.monotonic() + time.time()
        # The first verdict of this failure; those after it are said, too.
        wait_until("the verdict is logged", lambda: len(verdicts(node)) > known)
        found.append(gone - verdicts(node)[known])
        node.serve()
    return found


def main() -> None:
    """Measures and prints."""
    failures = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    remove_leftovers()
    for name, away in AWAY.items():
        with Fleet(["madrid", "tokyo", "chicago"], keep=0 if away is None else 2) as fleet:
            for node in fleet.nodes:
                for relay in node.relays:
                    relay.delay = (away or 0.0) / 2
            fleet.start()
            print(f"{name}: verdict settled -> withdrawal at the router:",
                  distribution(reactions(fleet, failures)), flush=True)


if __name__ == "__main__":
    main()
