"""What most scenarios begin with: one router, one service, and herald announcing it."""

import shutil
from dataclasses import dataclass
from typing import Optional

from lab.frr import Router
from lab.herald import Herald
from lab.service import Service
from lab.site import IPV4_PREFIX, IPV6_PREFIX, Leaf, Site, dns_service, settings
from lab.waiting import wait_until

# Without waiting for a timer: those that tests leave as they are take 10 s and more. A machine that
# has much else to do gets the rest.
AT_ONCE = 5.0


def as_ordinary(user: int) -> list:
    """The words that run a command as this user."""
    return ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]


@dataclass
class World:
    """A site whose service is announced to its one router, in both families."""

    site: Site
    leaf: Leaf
    router: Router
    service: Service
    herald: Herald

    def wait_announced(self, timeout: float = 10.0) -> None:
        """Returns when the router has both prefixes."""
        wait_until("the router has the prefixes",
                   lambda: self.router.has(IPV4_PREFIX, IPV6_PREFIX), timeout)

    def wait_withdrawn(self, timeout: float = 10.0) -> None:
        """Returns when the router has neither prefix."""
        wait_until("the router has lost the prefixes",
                   lambda: self.router.has_none(IPV4_PREFIX, IPV6_PREFIX), timeout)

    @property
    def undisturbed(self) -> bool:
        """Whether the session is up and has never been down."""
        address = self.leaf.node_ipv4
        return self.router.established(address) and self.router.drops(address) == 0


def announcing(site: Site, neighbor: Optional[dict] = None, service: Optional[dict] = None,
               state: Optional[str] = None, as_user: Optional[int] = None,
               metrics: Optional[dict] = None, **bgp: object) -> World:
    """Brings the usual site up; the arguments change the neighbor, the service and [bgp].

    `state` is another state directory than the usual one, `as_user` the id of an ordinary user
    that herald is to run as, `metrics` that section.
    """
    leaf = site.add_leaf()
    world = World(site, leaf, site.start_router(leaf), site.service(), site.herald())
    world.service.start()
    places: dict = {"state": {"directory": state}} if state else {}
    if metrics:
        places["metrics"] = metrics
    world.herald.configure({**settings([leaf.neighbor(**(neighbor or {}))],
                                       [dns_service(**(service or {}))], **bgp), **places})
    under: list = []
    if as_user:
        shutil.chown(world.herald.folder, as_user, as_user)
        under = as_ordinary(as_user)
    world.herald.start(under=under)
    world.wait_announced()
    return world
