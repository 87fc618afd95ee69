#!/usr/bin/python3
"""Prints how long a router keeps a route to a node that is gone, with BFD and without: from the
fault until FRR's kernel has lost the route.

    bench_bfd.py [ROUNDS]        default: 5

Needs root, FRR and the release build. Without BFD it is the hold time that ends the session, here
the shortest that there is, 3 s; the default is 30 s.
"""

import re
import signal
import statistics
import sys
import time
from datetime import datetime

from lab.frr import FrrNeighbor
from lab.network import remove_leftovers
from lab.site import HERALD_AS, IPV4_PREFIX, Site, settings
from lab.waiting import wait_until

PACES = {"BFD 50 ms x 3": 50, "BFD 300 ms x 3": 300, "hold time 3 s": None}
LOST = re.compile(r"\[([^]]+)\] (?:\[\S+\] )?Deleted " + re.escape(IPV4_PREFIX))


class Guarded:
    """A node, its router, and what can happen to the node."""

    def __init__(self, site: Site, interval: "int | None"):
        self.site, self.leaf, self.herald = site, site.add_leaf(), site.herald()
        bfd = {"bfd": {"min_tx": f"{interval}ms", "min_rx": f"{interval}ms"}} if interval else {}
        self.leaf.router = site.start_router(self.leaf, [FrrNeighbor(
            self.leaf.node_ipv4, HERALD_AS,
            ["timers connect 1", *(["bfd", "bfd profile fast"] if interval else [])])])
        self.leaf.router.kill()
        self.leaf.router.bfd = ["bfd", "profile fast", f"transmit-interval {interval}",
                                f"receive-interval {interval}"] if interval else []
        self.leaf.router.start()
        self.herald.configure(settings(
            [self.leaf.neighbor(hold_time="90s" if interval else "3s",
                                connect_retry="500ms", **bfd)],
            [{"name": "dns", "prefixes": [IPV4_PREFIX]}]))
        self.routes = self.leaf.namespace.start(["ip", "-tshort", "-oneline", "monitor", "route"],
                                                site.folder / "routes.log")
        self.is_guarded = bool(interval)

    def wait_well(self) -> None:
        """Returns when the route is there, and BFD is up."""
        def well() -> bool:
            bfd = self.herald.get("/v1/neighbors/leaf1")["bfd"]
            return (IPV4_PREFIX in self.leaf.namespace.run("ip", "route").stdout
                    and (not self.is_guarded or bfd["state"] == "Up"))
        wait_until("all is well", well, 30.0)

    def lost_after(self, fault) -> float:
        """Milliseconds from the fault until the route is gone."""
        known = len(LOST.findall(self.routes.output()))
        begin = time.time()
        fault()
        wait_until("the route is gone",
                   lambda: len(LOST.findall(self.routes.output())) > known, 20.0)
        gone = datetime.fromisoformat(LOST.findall(self.routes.output())[known])
        return 1000 * (gone.timestamp() - begin)


def faults(world: Guarded) -> dict:
    """By name: what happens, and what ends it."""
    node, leaf = world.site.node, world.leaf
    return {
        "packets are lost": (lambda: node.cut_off(leaf.node_interface), node.reconnect),
        "heraldd hangs": (lambda: world.herald.process.signal(signal.SIGSTOP),
                          lambda: world.herald.process.signal(signal.SIGCONT)),
        "heraldd is killed": (world.herald.kill, world.herald.start),
    }


def main() -> None:
    """Every fault at every pace."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    remove_leftovers()
    for pace, interval in PACES.items():
        with Site() as site:
            world = Guarded(site, interval)
            world.herald.start()
            for name, (fault, end) in faults(world).items():
                taken = []
                for _ in range(rounds):
                    world.wait_well()
                    taken.append(world.lost_after(fault))
                    end()
                print(f"{pace:14} {name:18} median {statistics.median(taken):6.0f} ms, "
                      f"worst {max(taken):6.0f} ms", flush=True)


if __name__ == "__main__":
    main()
