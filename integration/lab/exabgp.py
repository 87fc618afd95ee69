"""ExaBGP as a router of the matrix: it has no table, so its record of UPDATEs makes one."""

import json
import os
import struct
import sys
from pathlib import Path as FilePath
from typing import Iterator, Optional

from lab.peer import ANNOUNCED, WITHDRAWN, Path, PeerRouter, PeerSession, community

API_PROGRAM = FilePath(__file__).with_name("exabgp_api.py")
SETTINGS = {"exabgp.daemon.user": "root",
            "exabgp.api.ack": "false", "exabgp.api.cli": "false", "exabgp.log.level": "INFO",
            "exabgp.log.destination": "stdout", "exabgp.daemon.drop": "false"}
# The text cannot be chosen.
SHUTDOWN, SHUTDOWN_TEXT = 2, "Administrative Shutdown"
AS_TRANS, TWO_OCTETS = 23456, 65535
EXTENDED_COMMUNITIES = {2: "rt", 3: "soo"}


class ExaBgp(PeerRouter):
    """ExaBGP in a namespace."""

    label, package = "ExaBGP", "exabgp"

    @property
    def _record(self) -> FilePath:
        return self.folder / "record.json"

    @property
    def _commands(self) -> FilePath:
        return self.folder / "commands.in"

    def start(self) -> None:
        config = self.folder / "exabgp.conf"
        config.write_text(self._configuration())
        self._record.write_text("")
        if not self._commands.exists():
            os.mkfifo(self._commands)
        process = self.launch("exabgp", config, env={**os.environ, **SETTINGS})
        # The program for the lab is started last.
        self.wait_serving(process, lambda: bool(process.children()))

    def _configuration(self) -> str:
        program = f"run {sys.executable} {API_PROGRAM} {self._record} {self._commands};"
        return "\n".join([f"process lab {{ {program} encoder json; }}",
                          *(self._neighbor(session) for session in self.sessions)])

    @staticmethod
    def _neighbor(session: PeerSession) -> str:
        lines = [f"router-id {session.router_id};", f"local-address {session.local_address};",
                 f"local-as {session.local_as};", f"peer-as {_visible_as(session)};",
                 f"hold-time {session.hold_time};",
                 f"passive {str(session.passive).lower()};",
                 "family { ipv4 unicast; ipv6 unicast; }",
                 "api { processes [ lab ]; neighbor-changes; receive { parsed; update;"
                 " notification; open; } }"]
        asn4 = "enable" if session.four_octet_as else "disable"
        capability = f"asn4 {asn4}; route-refresh enable;"
        if session.extended_next_hop:
            capability += " nexthop true;"
            lines.append("nexthop { ipv4 unicast ipv6; }")
        lines.append(f"capability {{ {capability} }}")
        if session.passive:
            lines.append("listen 179;")
        if session.password:
            lines.append(f"md5-password '{session.password}';")
        if session.ttl_security:
            lines.append("incoming-ttl 255;" if session.passive else "outgoing-ttl 255;")
        return f"neighbor {session.address} {{\n  " + "\n  ".join(lines) + "\n}"

    def _told(self) -> Iterator[dict]:
        for line in self._record.read_text(encoding="utf-8").splitlines():
            yield json.loads(line, strict=False)  # it does not escape control characters

    def _told_of(self, peer: str, kind: str) -> list:
        return [message["neighbor"] for message in self._told() if message["type"] == kind
                and message["neighbor"]["address"]["peer"] == peer]

    def _is_up(self, peer: str) -> bool:
        states = self._told_of(peer, "state")
        return bool(states) and states[-1]["state"] == "up"

    def established(self, session: PeerSession) -> bool:
        return self._is_up(session.address)

    def hold_time(self, session: PeerSession) -> int:
        offered = self._told_of(session.address, "open")[-1]["open"]["hold_time"]
        return min(session.hold_time, offered)

    def _news(self, prefix: str) -> Iterator[tuple]:
        """Who said what of this prefix, UPDATE for UPDATE: a path or, for a withdrawal, none."""
        for message in self._told():
            if message["type"] != "update":
                continue
            peer = message["neighbor"]["address"]["peer"]
            update = message["neighbor"]["message"].get("update", {})
            for families in update.get("withdraw", {}).values():
                if any(route["nlri"] == prefix for route in families):
                    yield peer, None
            for next_hops in update.get("announce", {}).values():
                for next_hop, routes in next_hops.items():
                    if any(route.get("nlri") == prefix for route in routes):
                        yield peer, _path(next_hop, update["attribute"])

    def path(self, prefix: str) -> Optional[Path]:
        paths: dict = {}
        for peer, path in self._news(prefix):
            paths[peer] = path
        return next((path for peer, path in paths.items() if path and self._is_up(peer)), None)

    def changes(self, prefix: str) -> list:
        return [ANNOUNCED if path else WITHDRAWN for _, path in self._news(prefix)]

    def _command(self, text: str) -> None:
        with self._commands.open("w", encoding="utf-8") as commands:
            commands.write(text + "\n")

    def request_refresh(self, session: PeerSession) -> None:
        self._command(f"neighbor {session.address} announce route-refresh ipv4 unicast")

    def shut_down(self, session: PeerSession, text: str) -> str:
        self._command(f"neighbor {session.address} teardown {SHUTDOWN}")
        return SHUTDOWN_TEXT

    def shutdown_text(self, session: PeerSession) -> str:
        raise NotImplementedError  # it cannot read one


def _visible_as(session: PeerSession) -> int:
    """Without capability 65 of its own it does not look at herald's."""
    hidden = not session.four_octet_as and session.remote_as > TWO_OCTETS
    return AS_TRANS if hidden else session.remote_as


def _extended_community(value: int) -> str:
    """RFC 4360 §3.1: type 0, a subtype, two octets of AS number, four of another."""
    kind, subtype, as_number, number = struct.unpack("!BBHI", value.to_bytes(8, "big"))
    return f"{EXTENDED_COMMUNITIES[subtype]}:{as_number}:{number}" if kind == 0 else hex(value)


def _path(next_hop: str, attribute: dict) -> Path:
    return Path(
        as_path=tuple(attribute.get("as-path", ())),
        next_hop=next_hop,
        med=attribute.get("med"),
        local_pref=attribute.get("local-preference", 100),
        communities=tuple(community(high, low) for high, low in attribute.get("community", ())),
        large_communities=tuple(":".join(map(str, numbers))
                                for numbers in attribute.get("large-community", ())),
        extended_communities=tuple(_extended_community(value["value"])
                                   for value in attribute.get("extended-community", ())),
        origin=attribute["origin"])
