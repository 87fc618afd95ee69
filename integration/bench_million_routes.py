#!/usr/bin/python3
"""Prints how fast herald takes a million routes, beside BIRD with `import none`, and what is left.

    bench_million_routes.py [ROUNDS]        default: 7

Needs root, BIRD 2 and the release build. Both get the same octets from the same sender, in turn.
"""

import statistics
import sys

from lab.million import ROUTES, Bird, feed, packed, single
from lab.network import remove_leftovers
from lab.raw import RawLab
from lab.witness import Witness


def measure(lab: RawLab, bird: Bird, witness: Witness, content: bytes, rounds: int) -> None:
    """Feeds both in turn and prints the medians."""
    herald = lab.herald.process
    taken = {"herald": [], "BIRD": []}
    before = herald.resident_bytes()
    for _ in range(rounds):
        taken["herald"].append(feed(lab.established("peer"), herald, content))
        taken["BIRD"].append(feed(bird.established(), bird.process, content))
    grown = herald.resident_bytes() - before
    for name, results in taken.items():
        print(f"  {name:7} wall {milliseconds(one.wall for one in results)}"
              f"  processor {milliseconds(one.processor for one in results)}")
    walls, processors = ([statistics.median(getattr(one, kind) for one in taken[name])
                          for name in ("BIRD", "herald")] for kind in ("wall", "processor"))
    print(f"  herald is {walls[0] / walls[1]:.2f} times as fast as BIRD, with "
          f"{processors[1] / processors[0]:.2f} of its processor time")
    print(f"  herald's memory grew by {grown / 1024:.0f} KiB; longest time without a keepalive on "
          f"another session: {witness.longest_gap():.2f} s")


def milliseconds(values) -> str:
    """Least and median."""
    ordered = sorted(1000 * value for value in values)
    return f"min {ordered[0]:6.1f}  median {statistics.median(ordered):6.1f} ms"


def main() -> None:
    """Measures both shapes and prints."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    remove_leftovers()
    with RawLab({"peer": {}, "witness": {"hold_time": "3s"}}) as lab, \
            Bird(lab.namespace) as bird, Witness(lab) as witness:
        for name, content in (("packed", packed()), ("one route in each UPDATE", single())):
            print(f"{ROUTES} routes, {name}, {len(content) / 1e6:.1f} MB, {rounds} rounds")
            measure(lab, bird, witness, content, rounds)
        witness.check()


if __name__ == "__main__":
    main()
