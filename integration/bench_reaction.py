#!/usr/bin/python3
"""Prints how long herald takes from a settled verdict to the withdrawal at a router's interface.

    bench_reaction.py [FAILURES]        default: 200

Needs root, FRR and the release build. The check is a TCP check against a service in the lab.
"""

import sys

from lab.network import remove_leftovers
from lab.reaction import distribution, measure


def main() -> None:
    """Measures and prints."""
    failures = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    remove_leftovers()
    reactions, round_trips = measure(failures)
    print("verdict settled -> withdrawal at the router's interface:", distribution(reactions))
    print("a packet to a process on the node, and back:", distribution(round_trips))


if __name__ == "__main__":
    main()
