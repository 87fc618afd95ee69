"""The demo: what a router sees of a service that fails and returns."""

import signal
import sys
import time

from lab.capture import Capture
from lab.network import remove_leftovers
from lab.scenario import World, announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX, SERVICE_ADDRESS, SERVICE_PORT, Site, tcp_check

CHECK = {"interval": "500ms", "fast_interval": "50ms", "rise": 2, "fall": 2}
FAMILIES = {"ipv4": IPV4_PREFIX, "ipv6": IPV6_PREFIX}


def heading(text: str) -> None:
    """One step of the story."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def show_router(world: World) -> None:
    """The lines that the router has of the prefixes, as vtysh prints them."""
    for family, prefix in FAMILIES.items():
        command = f"show bgp {family} unicast"
        print(f"  router# {command}")
        lines = _table_lines(world.router.command(command))
        print("\n".join(f"    {line}" for line in lines) or f"    (no route to {prefix})")
    sys.stdout.flush()


def _table_lines(table: str) -> list:
    """Heading and routes of FRR's table, without the legend around them; none: no routes."""
    lines = table.splitlines()
    starts = [number for number, line in enumerate(lines) if "Next Hop" in line]
    return [line for line in lines[starts[0]:] if line and "Displayed" not in line] \
        if starts else []


def fail_and_measure(world: World) -> float:
    """Kills the service; the seconds until the withdrawal arrived at the router's interface."""
    with Capture(world.leaf.namespace, world.leaf.interface) as capture:
        failed = time.time()
        world.service.kill()
        withdrawal = capture.next_withdrawal()
    world.wait_withdrawn()
    return withdrawal.time - failed


def play(site: Site) -> None:
    """The whole story."""
    heading(f"The service at {SERVICE_ADDRESS}:{SERVICE_PORT} is up; herald announces it.")
    world = announcing(site, service={"check": [tcp_check(**CHECK)]})
    show_router(world)

    heading("The service is killed.")
    seconds = fail_and_measure(world)
    show_router(world)
    print(f"\n  From the failure to the withdrawal at the router: {seconds * 1000:.1f} ms\n"
          f"  (a check every {CHECK['interval']}, after its first failure every "
          f"{CHECK['fast_interval']}; {CHECK['fall']} failures take the service down)")

    heading("The service is started again.")
    world.service.start()
    world.wait_announced()
    show_router(world)

    heading("An operator drains the node:  heraldctl drain dns --now --wait")
    world.herald.ctl("drain", "dns", "--now", "--wait")
    world.wait_withdrawn()
    show_router(world)


def main() -> int:
    """Plays the demo and removes all of it, also when interrupted."""
    # Also where whoever started this ignores Ctrl-C, as a shell does for jobs in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    remove_leftovers()
    try:
        with Site() as site:
            play(site)
    except KeyboardInterrupt:
        print("\nInterrupted; everything is removed.")
        return 130
    heading("Done; everything is removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
