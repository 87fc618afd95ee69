"""GoBGP as a router of the matrix."""

import json
import re
from typing import Optional

from lab import toml
from lab.peer import ANNOUNCED, WITHDRAWN, Path, PeerRouter, PeerSession, community
from lab.processes import Process

FAMILIES = ("ipv4-unicast", "ipv6-unicast")
EXTENDED_COMMUNITIES = {2: "rt", 3: "soo"}
ORIGINS = ("igp", "egp", "incomplete")
# It takes a preference of 0 for none.
GRACEFUL_SHUTDOWN_POLICY = {
    "defined-sets": {"bgp-defined-sets": {"community-sets": [
        {"community-set-name": "graceful-shutdown", "community-list": ["65535:0"]}]}},
    "policy-definitions": [{"name": "graceful-shutdown", "statements": [{
        "conditions": {"bgp-conditions": {
            "match-community-set": {"community-set": "graceful-shutdown"}}},
        "actions": {"route-disposition": "accept-route",
                    "bgp-actions": {"set-local-pref": 1}}}]}]}


class GoBgp(PeerRouter):
    """gobgpd in a namespace. Its record of changes is what `gobgp monitor` prints."""

    label, package = "GoBGP", "gobgpd"
    _daemon: Process
    _monitor: Process

    def start(self) -> None:
        self._meet_neighbors()
        config = self.folder / "gobgpd.toml"
        config.write_text(toml.dump(self._configuration()))
        self._daemon = self.launch("gobgpd", "-f", config, "-t", "toml", "-p", "--pprof-disable",
                                   "--api-hosts", "127.0.0.1:50051", "-l", "debug")
        self.wait_serving(self._daemon, self._answers)
        self._monitor = self.launch("gobgp", "monitor", "adj-in", "--current", "-j")

    def _meet_neighbors(self) -> None:
        """It takes a link-local neighbor's address from the kernel, which has to know it."""
        for session in self.sessions:
            if session.link_local:
                self.namespace.run("ping", "-6", "-c", "1", _address(session))

    def _answers(self) -> bool:
        return self.namespace.run("gobgp", "global", check=False).returncode == 0

    def _configuration(self) -> dict:
        main = {"config": {"as": self.as_number, "router-id": self.sessions[0].router_id},
                "apply-policy": {"config": {"import-policy-list": ["graceful-shutdown"]}}}
        return {"global": main, **GRACEFUL_SHUTDOWN_POLICY,
                "neighbors": [self._neighbor(session) for session in self.sessions]}

    def _neighbor(self, session: PeerSession) -> dict:
        config = {"peer-as": session.remote_as,
                  **({"neighbor-interface": session.interface} if session.link_local
                     else {"neighbor-address": session.address})}
        if session.local_as != self.as_number:
            config["local-as"] = session.local_as
        if session.password:
            config["auth-password"] = session.password
        graceful = {"config": {"enabled": session.graceful_restart}}
        neighbor = {
            "config": config,
            "timers": {"config": {"connect-retry": 1, "hold-time": session.hold_time,
                                  "keepalive-interval": session.hold_time // 3,
                                  "idle-hold-time-after-reset": 1}},
            "transport": {"config": {"passive-mode": session.passive}},
            "graceful-restart": {"config": {"enabled": session.graceful_restart,
                                            "restart-time": 60}},
            "afi-safis": [{"config": {"afi-safi-name": name}, "mp-graceful-restart": graceful}
                          for name in FAMILIES]}
        if session.ttl_security:
            neighbor["ttl-security"] = {"config": {"enabled": True, "ttl-min": 255}}
        return neighbor

    def _ask(self, *words: str) -> object:
        return json.loads(self.namespace.run("gobgp", *words, "-j").stdout)

    def _shown(self, session: PeerSession) -> dict:
        return self._ask("neighbor", _address(session))

    def established(self, session: PeerSession) -> bool:
        return self._shown(session)["state"].get("session_state") == 6

    def hold_time(self, session: PeerSession) -> int:
        return int(self._shown(session)["timers"]["state"]["negotiated_hold_time"])

    def path(self, prefix: str) -> Optional[Path]:
        family = "ipv6" if ":" in prefix else "ipv4"
        done = self.namespace.run("gobgp", "global", "rib", "-a", family, "-j", prefix,
                                  check=False)
        if done.returncode != 0:
            assert "Network not in table" in done.stdout + done.stderr, done.stdout + done.stderr
            return None
        paths = [path for paths in json.loads(done.stdout).values() for path in paths]
        return _path(paths[0]) if paths else None

    def changes(self, prefix: str) -> list:
        seen = []
        for line in self._monitor.output().splitlines():
            for path in json.loads(line):
                if path["nlri"].get("prefix") == prefix:
                    seen.append(WITHDRAWN if path.get("withdrawal") else ANNOUNCED)
        return seen

    def request_refresh(self, session: PeerSession) -> None:
        raise NotImplementedError  # its soft reset looks at what it has kept

    def shut_down(self, session: PeerSession, text: str) -> str:
        self.namespace.run("gobgp", "neighbor", _address(session), "shutdown", "--reason", text)
        return text

    def shutdown_text(self, session: PeerSession) -> str:
        seen = re.findall(rf".*{re.escape(session.address)}.*", self._daemon.output())
        told = [line for line in seen if "Communicated-Reason" in line]
        return told[-1] if told else ""


def _address(session: PeerSession) -> str:
    """With the interface where the address alone means nothing."""
    return session.address + (f"%{session.interface}" if session.link_local else "")


def _path(entry: dict) -> Path:
    attributes = {attribute["type"]: attribute for attribute in entry["attrs"]}
    segments = attributes[2]["as_paths"]
    next_hop = attributes[3] if 3 in attributes else attributes[14]
    return Path(
        as_path=tuple(number for segment in segments for number in segment["asns"]),
        next_hop=next_hop["nexthop"],
        med=attributes.get(4, {}).get("metric"),
        local_pref=attributes.get(5, {}).get("value", 100),
        communities=tuple(community(value >> 16, value & 0xffff)
                          for value in attributes.get(8, {}).get("communities", ())),
        large_communities=tuple(
            f"{value['ASN']}:{value['LocalData1']}:{value['LocalData2']}"
            for value in attributes.get(32, {}).get("value", ())),
        extended_communities=tuple(
            f"{EXTENDED_COMMUNITIES[value['subtype']]}:{value['value']}"
            for value in attributes.get(16, {}).get("value", ())),
        origin=ORIGINS[attributes[1]["value"]])
