"""FRR as a router of the matrix."""

import re
from typing import Optional

from lab.frr import FrrNeighbor, Router
from lab.peer import ANNOUNCED, WITHDRAWN, Path, PeerBfd, PeerRouter, PeerSession

GRACEFUL_SHUTDOWN_POLICY = (
    "bgp community-list standard graceful-shutdown permit graceful-shutdown",
    "route-map from-herald permit 10", " match community graceful-shutdown",
    " set local-preference 0", "exit", "route-map from-herald permit 20", "exit")
# The log of received updates; and no ROUTE-REFRESH of its own accord after the start.
GLOBAL = ("debug bgp updates in", "bgp route-map delay-timer 0")
# FRR's names for what herald.toml names otherwise.
BFD_STATES = {"shutdown": "AdminDown", "down": "Down", "init": "Init", "up": "Up"}
COMMUNITY_NAMES = {"gshut": "graceful-shutdown", "local-AS": "no-export-subconfed"}


class Frr(PeerRouter):
    """FRR in a namespace. Its record of changes is bgpd's log of received updates."""

    label, package = "FRR", "frr"
    # It keeps AS4_PATH for those that did not send capability 65, and herald always does.
    reads_as4_path = False
    _router: Optional[Router] = None

    def start(self) -> None:
        neighbors = [FrrNeighbor(session.address, session.remote_as, self._options(session),
                                 ("route-map from-herald in",)) for session in self.sessions]
        self._router = Router(self.namespace, self.folder, self.as_number,
                              self.sessions[0].router_id, neighbors,
                              extra=(*GRACEFUL_SHUTDOWN_POLICY, *GLOBAL), bfd=self._bfd())
        self._router.start()

    def _bfd(self) -> list:
        wanted = [session for session in self.sessions if session.bfd]
        return ["bfd", *(line for session in wanted for line in
                         (*_profile(session, session.bfd), " exit"))] if wanted else []

    def _options(self, session: PeerSession) -> list:
        hold = session.hold_time
        options = [f"timers {hold // 3} {hold}", "timers connect 1"]
        if session.local_as != self.as_number:
            options.append(f"local-as {session.local_as} no-prepend replace-as")
        if session.link_local:
            options.append(f"interface {session.interface}")
        if session.multihop:
            options += ["ebgp-multihop 2", f"update-source {session.local_address}"]
        if session.bfd:
            options += ["bfd", f"bfd profile {session.name}"]
        if session.password:
            options.append(f"password {session.password}")
        if session.role:
            options.append(f"local-role {session.role}")
        switches = {"passive": session.passive, "ttl-security hops 1": session.ttl_security,
                    "dont-capability-negotiate": not session.four_octet_as,
                    "capability extended-nexthop": session.extended_next_hop,
                    "graceful-restart-helper": session.graceful_restart}
        return options + [option for option, wanted in switches.items() if wanted]

    def kill(self) -> None:
        if self._router:
            self._router.kill()

    def freeze(self) -> None:
        self._router.freeze()

    def _neighbor(self, session: PeerSession) -> dict:
        return self._router.neighbor(session.address)

    def established(self, session: PeerSession) -> bool:
        return self._router.established(session.address)

    def hold_time(self, session: PeerSession) -> int:
        return self._neighbor(session)["bgpTimerHoldTimeMsecs"] // 1000

    def path(self, prefix: str) -> Optional[Path]:
        family = "ipv6" if ":" in prefix else "ipv4"
        answer = self._router.show(f"bgp {family} unicast {prefix}")
        return _path(answer["paths"][0]) if answer.get("prefix") == prefix else None

    def changes(self, prefix: str) -> list:
        log = self.folder.with_suffix(".bgpd.log").read_text(encoding="utf-8", errors="replace")
        return [WITHDRAWN if withdrawn else ANNOUNCED for withdrawn in re.findall(
            rf" rcvd (?:UPDATE about )?{re.escape(prefix)} \S+ \S+(?:.*(withdrawn))?", log)]

    def request_refresh(self, session: PeerSession) -> None:
        self._router.command(f"clear bgp {session.address} soft in")

    def shut_down(self, session: PeerSession, text: str) -> str:
        self._router.command("configure terminal", f"router bgp {self.as_number}",
                             f"neighbor {session.address} shutdown message {text}")
        return text

    def shutdown_text(self, session: PeerSession) -> str:
        return self._neighbor(session).get("lastShutdownDescription", "")

    def bfd_state(self, session: PeerSession) -> str:
        shown = self._router.show("bfd peers", daemon="bfdd")
        states = [one["status"] for one in shown if one["peer"] == session.address]
        return BFD_STATES[states[0]] if states else ""

    def change_bfd(self, session: PeerSession, bfd: PeerBfd) -> None:
        self._router.command("configure terminal", "bfd", *_profile(session, bfd), daemon="bfdd")

    def shut_bfd_down(self, session: PeerSession) -> None:
        self._router.command("configure terminal", "bfd", f"profile {session.name}", "shutdown",
                             daemon="bfdd")

    def enable_bfd(self, session: PeerSession) -> None:
        self._router.command("configure terminal", "bfd", f"profile {session.name}", "no shutdown",
                             daemon="bfdd")


def _profile(session: PeerSession, bfd: PeerBfd) -> list:
    return [f"profile {session.name}", f"detect-multiplier {bfd.multiplier}",
            f"transmit-interval {bfd.min_tx}", f"receive-interval {bfd.min_rx}",
            *(["passive-mode"] if bfd.passive else []),
            *(["minimum-ttl 250"] if session.multihop else [])]


def _path(entry: dict) -> Path:
    hops = [hop["ip"] for hop in entry["nexthops"] if hop.get("scope") != "link-local"]
    return Path(
        as_path=tuple(int(number) for number in entry["aspath"]["string"].split()
                      if number != "Local"),
        next_hop=hops[0],
        med=entry.get("metric"),
        local_pref=entry.get("locPrf", 100),
        communities=tuple(COMMUNITY_NAMES.get(name, name) for name in
                          entry.get("community", {}).get("string", "").split()),
        large_communities=tuple(entry.get("largeCommunity", {}).get("string", "").split()),
        extended_communities=tuple(
            name.replace("RT:", "rt:").replace("SoO:", "soo:")
            for name in entry.get("extendedCommunity", {}).get("string", "").split()),
        only_to_customer=entry.get("otc"),
        origin=entry["origin"].lower())
