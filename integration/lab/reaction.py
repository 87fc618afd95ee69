"""How long herald takes from a settled verdict to the withdrawal at the router's interface."""

import bisect
import json
import socket
from datetime import datetime
from pathlib import Path

from lab.capture import UPDATE, Capture
from lab.round_trip import Echo
from lab.site import (IPV4_PREFIX, SERVICE_ADDRESS, SERVICE_PORT, Site, settings, dns_service,
                      tcp_check)
from lab.waiting import wait_until

CHECK = tcp_check(interval="20ms", fast_interval="10ms", rise=1, fall=1)
BACKLOG = 1024


def measure(failures: int) -> tuple:
    """The seconds from verdict to packet, one for each failure of the service, and those of as
    many round trips between them.

    The verdict's time is that of herald's own log line, the packet's that of the kernel.
    """
    with Site() as site:
        leaf = site.add_leaf()
        site.start_router(leaf)
        herald = site.herald()
        service = dns_service(prefixes=[IPV4_PREFIX], check=[CHECK])
        herald.configure({**settings([leaf.neighbor()], [service]),
                          "log": {"level": "info", "format": "json"}})
        herald.start()
        wait_until("the session", lambda: leaf.router.established(leaf.node_ipv4))
        arrivals, round_trips = [], []
        with Capture(leaf.namespace, leaf.interface) as capture, Echo(site, leaf) as echo:
            for _ in range(failures):
                arrivals.append(_fail_once(site, capture))
                round_trips.append(echo.round_trip())
        herald.process.stop()
        verdicts = _verdicts(herald.process.log)
    return [arrival - _last_before(arrival, verdicts) for arrival in arrivals], round_trips


def _fail_once(site: Site, capture: Capture) -> float:
    """Opens the service until it is announced, closes it; when the withdrawal arrived."""
    with site.node.open_socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((SERVICE_ADDRESS, SERVICE_PORT))
        # Nobody accepts: the kernel completes the checks' connections by itself.
        listener.listen(BACKLOG)
        wait_until("the announcement", lambda: any(
            message.kind == UPDATE and not message.withdraws_ipv4
            for message in capture.arrived()))
    return capture.next_withdrawal().time


def _verdicts(log: Path) -> list:
    """When the service's verdict settled to a failure, in order, from herald's JSON log."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [datetime.fromisoformat(line["ended"]).timestamp() for line in lines
            if line["event"] == "check_result" and line["settled"] == "fail"]


def _last_before(arrival: float, verdicts: list) -> float:
    return verdicts[bisect.bisect(verdicts, arrival) - 1]


def distribution(seconds: list) -> str:
    """One line: how many, and the distribution in microseconds."""
    ordered = sorted(seconds)
    shown = {"min": 0.0, "p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return f"{len(ordered)} times, microseconds: " + "  ".join(
        f"{name} {1e6 * ordered[round(share * (len(ordered) - 1))]:.0f}"
        for name, share in shown.items())
