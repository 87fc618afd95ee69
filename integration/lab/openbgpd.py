"""OpenBGPD as a router of the matrix."""

import json
import re
from pathlib import Path as FilePath
from typing import Optional

from lab.peer import ANNOUNCED, WITHDRAWN, Path, PeerRouter, PeerSession
from lab.processes import Process, run

PROGRAM = "/usr/sbin/bgpd"  # FRR's is elsewhere
# Where its processes lock themselves in: the home of its user, made by the service otherwise.
CHROOT = FilePath("/run/openbgpd")

FILTERS = """
allow from any
allow to any
match from any community GRACEFUL_SHUTDOWN set { localpref 0 }
"""


class OpenBgpd(PeerRouter):
    """OpenBGPD in a namespace. Its record of changes is its log of updates."""

    label, package = "OpenBGPD", "openbgpd"
    _process: Process

    @property
    def _socket(self) -> FilePath:
        return self.folder / "bgpd.sock"

    def start(self) -> None:
        CHROOT.mkdir(exist_ok=True)
        config = self.folder / "bgpd.conf"
        config.write_text(self._configuration())
        config.chmod(0o600)
        self._socket.unlink(missing_ok=True)
        self._process = self.launch(PROGRAM, "-d", "-v", "-f", config)
        self.wait_serving(self._process, self._answers)

    def _answers(self) -> bool:
        return self._bgpctl("show", "summary", check=False).returncode == 0

    def _configuration(self) -> str:
        return "\n".join([
            f"AS {self.as_number}", f"router-id {self.sessions[0].router_id}",
            "fib-update no", "log updates", f'socket "{self._socket}"',
            "connect-retry 1", *(self._neighbor(session) for session in self.sessions), FILTERS])

    def _neighbor(self, session: PeerSession) -> str:
        lines = [f"remote-as {session.remote_as}", f'descr "{session.name}"',
                 f"local-address {session.local_address}", f"holdtime {session.hold_time}",
                 f"announce as-4byte {_answer(session.four_octet_as)}",
                 "announce IPv4 unicast", "announce IPv6 unicast",
                 f"ttl-security {_answer(session.ttl_security)}"]
        if session.local_as != self.as_number:
            lines.append(f"local-as {session.local_as}")
        if session.passive:
            lines.append("passive")
        if session.password:
            lines.append(f'tcp md5sig password "{session.password}"')
        if session.role:
            lines.append(f"announce policy {session.role}")
        return f"neighbor {session.address} {{\n  " + "\n  ".join(lines) + "\n}"

    def _bgpctl(self, *words: str, check: bool = True):
        return run("bgpctl", "-s", self._socket, *words, check=check)

    def _ask(self, *words: str) -> dict:
        return json.loads(self._bgpctl("-j", *words).stdout)

    def _shown(self, session: PeerSession) -> dict:
        return self._ask("show", "neighbor", session.address)["neighbors"][0]

    def established(self, session: PeerSession) -> bool:
        return self._shown(session)["state"] == "Established"

    def hold_time(self, session: PeerSession) -> int:
        return self._shown(session)["session"]["holdtime"]

    def path(self, prefix: str) -> Optional[Path]:
        found = self._ask("show", "rib", "detail", prefix).get("rib", ())
        return _path(found[0]) if found else None

    def changes(self, prefix: str) -> list:
        seen = re.findall(rf"neighbor .*: (update|withdraw) {re.escape(prefix)}",
                          self._process.output())
        return [ANNOUNCED if word == "update" else WITHDRAWN for word in seen]

    def request_refresh(self, session: PeerSession) -> None:
        self._bgpctl("neighbor", session.address, "refresh")

    def shut_down(self, session: PeerSession, text: str) -> str:
        self._bgpctl("neighbor", session.address, "down", text)
        return text

    def shutdown_text(self, session: PeerSession) -> str:
        return self._shown(session).get("last_shutdown_reason", "")


def _answer(value: bool) -> str:
    return "yes" if value else "no"


def _path(entry: dict) -> Path:
    return Path(
        as_path=tuple(int(number) for number in entry["aspath"].split()),
        next_hop=entry["exit_nexthop"],
        med=entry["metric"] or None,  # it shows 0 where there is none
        local_pref=entry["localpref"],
        communities=tuple(_community(name) for name in entry.get("communities", ())),
        large_communities=tuple(entry.get("large_communities", ())),
        # It keeps them in an order of its own.
        extended_communities=tuple(sorted(
            name.replace(" ", ":") for name in entry.get("extended_communities", ()))),
        only_to_customer=next((attribute["as"] for attribute in entry.get("attributes", ())
                               if attribute["type"] == "OTC"), None),
        origin=entry["origin"].lower())


def _community(name: str) -> str:
    """Those with a name are NO_EXPORT and the like."""
    return name.lower().replace("_", "-")
