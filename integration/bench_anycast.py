#!/usr/bin/python3
"""Prints what users of an anycast service lose when one of two nodes fails, at 200 queries/s.

    bench_anycast.py [FAILURES]        default: 10

Needs root, FRR and the release build.
"""

import sys

from lab.anycast import CHECK, Anycast
from lab.network import remove_leftovers
from lab.outage import fail


def main() -> None:
    """Measures and prints."""
    failures = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    remove_leftovers()
    print(f"a TCP check every {CHECK['interval']}, after its first failure every "
          f"{CHECK['fast_interval']}; {CHECK['fall']} failures take the service down")
    with Anycast() as world:
        world.start()
        for _ in range(failures):
            print(fail(world, *world.nodes), flush=True)
            world.nodes[0].serve()
            world.wait_paths(*world.nodes)


if __name__ == "__main__":
    main()
