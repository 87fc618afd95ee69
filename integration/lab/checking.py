"""herald with checks to look at, and nobody to announce to."""

from pathlib import Path

from lab.herald import Herald
from lab.site import IPV4_PREFIX, Site, settings
from lab.waiting import wait_until

NOBODY = {"name": "nobody", "address": "127.0.0.77", "remote_as": 64500, "connect_retry": "1h"}
QUICK = {"interval": "100ms", "fast_interval": "100ms", "timeout": "1s", "rise": 1, "fall": 1}


class Checking:
    """A daemon whose one service has the given checks, by name."""

    def __init__(self, site: Site, checks: dict, label: str = "herald"):
        self.herald: Herald = site.herald(label)
        listed = [{"name": name, **QUICK, **check} for name, check in checks.items()]
        service = {"name": "watched", "prefixes": [IPV4_PREFIX], "hold_down": "0s",
                   "check": listed}
        self.herald.configure(settings([NOBODY], [service]))
        self.herald.start()

    def view(self, name: str) -> dict:
        """All that is known of a check."""
        found = [check for check in self.herald.get("/v1/checks")["checks"]
                 if check["name"] == name]
        assert len(found) == 1, f"{len(found)} checks are named {name}"
        return found[0]

    def result(self, name: str) -> tuple:
        """What a check's last run said, (result, output), once there was one."""
        view = wait_until(f"{name} has run",
                          lambda: next(iter([v for v in [self.view(name)] if v["runs"]]), None))
        return view["last_result"], view["output"]

    def wait(self, name: str, result: str) -> str:
        """Waits until the last run of a check has that result, and returns what it said."""
        def judged():
            view = self.view(name)
            return view if view["last_result"] == result else None
        return wait_until(f"{name}: {result}", judged)["output"]

    def descriptors(self) -> int:
        """How many files and sockets the daemon has open."""
        return len(list(Path(f"/proc/{self.herald.process.pid}/fd").iterdir()))
