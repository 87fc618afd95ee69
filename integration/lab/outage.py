"""What a hard failure of one of two anycast nodes costs, part by part."""

import json
import time
from dataclasses import dataclass
from datetime import datetime

from lab.anycast import Anycast, Node
from lab.capture import Capture
from lab.waiting import wait_until

QUIET_SECONDS = 0.3


@dataclass(frozen=True)
class Outage:
    """Seconds and lost queries: until herald knew, until the router was told, and after that."""

    detection: float
    reaction: float
    asked: int
    lost_in_detection: int
    lost_in_reaction: int
    lost_afterwards: int  # the router's turn

    def __str__(self) -> str:
        lost = self.lost_in_detection + self.lost_in_reaction + self.lost_afterwards
        return (f"{self.asked} queries, {lost} lost: {self.lost_in_detection} in detection "
                f"({1e3 * self.detection:.1f} ms), {self.lost_in_reaction} in reaction "
                f"({1e3 * self.reaction:.2f} ms), {self.lost_afterwards} until the router had "
                f"changed its route")


def fail(world: Anycast, node: Node, other: Node) -> Outage:
    """Kills a node's server under load, and returns when the other node serves alone."""
    with world.ask() as asked, Capture(world.gateway, node.router_interface) as capture:
        wait_until("both serve",
                   lambda: asked.servers_since(0.0) == {node.name, other.name})
        failed = time.time()
        node.server.kill()
        withdrawn = capture.next_withdrawal().time
        world.wait_paths(other)
        wait_until("the other serves alone",
                   lambda: asked.servers_since(time.time() - QUIET_SECONDS) == {other.name})
    known = _last_verdict(node)
    assert failed < known < withdrawn
    times = [query.asked for query in asked.lost]
    return Outage(known - failed, withdrawn - known, len(asked.queries),
                  sum(time_asked < known for time_asked in times),
                  sum(known <= time_asked < withdrawn for time_asked in times),
                  sum(withdrawn <= time_asked for time_asked in times))


def _last_verdict(node: Node) -> float:
    """When the service's check last settled to a failure, from herald's log."""
    lines = [json.loads(line) for line in node.herald.process.output().splitlines()]
    return [datetime.fromisoformat(line["ended"]).timestamp() for line in lines
            if line["event"] == "check_result" and line["settled"] == "fail"][-1]
