"""BIRD 2: what the matrix asks of it."""

import re
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Optional

from lab.peer import ANNOUNCED, WITHDRAWN, Path, PeerBfd, PeerRouter, PeerSession, community
from lab.processes import Process, run

# BIRD waits a minute after an error, and drops what dials it meanwhile: not in a test.
HURRY = "connect delay time 1; connect retry time 1; error wait time 1, 1;"

BFD_AUTHENTICATION = {"meticulous-sha1": "meticulous keyed sha1", "sha1": "keyed sha1"}

IMPORT_FILTER = """
filter graceful_shutdown {
  if (65535, 0) ~ bgp_community then bgp_local_pref = 0;
  accept;
}
"""


class Bird(PeerRouter):
    """BIRD in a namespace. Its record of changes is its log of route events."""

    label, package = "BIRD", "bird2"
    _process: Process

    @property
    def _socket(self) -> FilePath:
        return self.folder / "bird.ctl"

    def start(self) -> None:
        config = self._write()
        self._socket.unlink(missing_ok=True)
        self._process = self.launch("bird", "-f", "-c", config, "-s", self._socket,
                                    "-P", self.folder / "bird.pid")
        self.wait_serving(self._process, self._answers)

    def _write(self) -> FilePath:
        config = self.folder / "bird.conf"
        config.write_text(self._configuration())
        return config

    def _answers(self) -> bool:
        return "ready" in run("birdc", "-s", self._socket, "show", "status", check=False).stdout

    def _configuration(self) -> str:
        return "\n".join([
            "log stderr all;", f"router id {self.sessions[0].router_id};",
            "debug protocols { states, routes, events };",
            "protocol device { scan time 1; }", IMPORT_FILTER, *self._bfd(),
            *(self._protocol(session) for session in self.sessions)])

    def _bfd(self) -> list:
        """Those of several hops have the settings of the last one."""
        wanted = [session for session in self.sessions if session.bfd]
        options = {"multihop" if one.multihop else f'interface "{one.interface}"': one.bfd
                   for one in wanted}
        lines = [f"  {where} {{ {_bfd_options(bfd)} }};" for where, bfd in options.items()]
        return ["protocol bfd bfd1 {", *lines, "}"] if wanted else []

    @staticmethod
    def _protocol(session: PeerSession) -> str:
        lines = [f"local {session.local_address} as {session.local_as};",
                 f"neighbor {session.address} as {session.remote_as};",
                 f"passive {_switch(session.passive)};", f"hold time {session.hold_time};",
                 f"enable as4 {_switch(session.four_octet_as)};",
                 f"graceful restart {'on' if session.graceful_restart else 'aware'};",
                 f"ttl security {_switch(session.ttl_security)};",
                 f"bfd {_switch(session.bfd is not None)};", HURRY]
        if session.multihop:
            lines.append(f"multihop 2; source address {session.local_address};")
        else:
            lines.append(f'direct; interface "{session.interface}";')
        if session.password:
            lines.append(f'password "{session.password}";')
        if session.role:
            lines.append(f"local role {session.role.replace('-', '_')};")
        extended = f"extended next hop {_switch(session.extended_next_hop)};"
        for family in ("ipv4", "ipv6"):
            lines.append(f"{family} {{ import filter graceful_shutdown; export all; {extended} }};")
        return f"protocol bgp {_name(session)} {{\n  " + "\n  ".join(lines) + "\n}"

    def _ask(self, *words: str) -> str:
        return run("birdc", "-s", self._socket, *words).stdout

    def _shown(self, session: PeerSession) -> str:
        return self._ask("show", "protocols", "all", _name(session))

    def established(self, session: PeerSession) -> bool:
        return bool(re.search(r"BGP state: +Established", self._shown(session)))

    def hold_time(self, session: PeerSession) -> int:
        return int(re.search(r"Hold timer: +[\d.]+/(\d+)", self._shown(session))[1])

    def path(self, prefix: str) -> Optional[Path]:
        # It fails where there is none.
        shown = run("birdc", "-s", self._socket, "show", "route", prefix, "all", check=False).stdout
        found = dict(re.findall(r"^\tBGP\.(\w+): ?(.*)$", shown, re.MULTILINE))
        return _path(found) if found else None

    def changes(self, prefix: str) -> list:
        kinds = {"added": ANNOUNCED, "updated": ANNOUNCED, "filtered": ANNOUNCED,
                 "ignored": ANNOUNCED, "removed": WITHDRAWN}
        seen = re.findall(r" > (\w+)(?: \[\w+\])? " + re.escape(prefix) + r"\b",
                          self._process.output())
        return [kinds[word] for word in seen if word in kinds]

    def request_refresh(self, session: PeerSession) -> None:
        self._ask("reload", "in", _name(session))

    def shut_down(self, session: PeerSession, text: str) -> str:
        self._ask("disable", _name(session), f'"{text}"')
        return text

    def shutdown_text(self, session: PeerSession) -> str:
        seen = re.findall(rf"{_name(session)}: Received: (.*)", self._process.output())
        return seen[-1] if seen else ""

    def bfd_state(self, session: PeerSession) -> str:
        # It fails when the protocol is disabled.
        shown = run("birdc", "-s", self._socket, "show", "bfd", "sessions", check=False).stdout
        seen = re.search(rf"^{re.escape(session.address)} +\S+ +(\w+) ", shown, re.MULTILINE)
        return seen[1] if seen else ""

    def change_bfd(self, session: PeerSession, bfd: PeerBfd) -> None:
        self.sessions = [replace(one, bfd=bfd) if one.name == session.name else one
                         for one in self.sessions]
        self._write()
        self._ask("configure")

    def shut_bfd_down(self, session: PeerSession) -> None:
        self._ask("disable", "bfd1")

    def enable_bfd(self, session: PeerSession) -> None:
        self._ask("enable", "bfd1")


def _bfd_options(bfd: PeerBfd) -> str:
    options = [f"min tx interval {bfd.min_tx} ms", f"min rx interval {bfd.min_rx} ms",
               f"multiplier {bfd.multiplier}", f"passive {_switch(bfd.passive)}"]
    if bfd.authentication:
        options += [f"authentication {BFD_AUTHENTICATION[bfd.authentication]}",
                    f'password "{bfd.password}" {{ id 1; }}']
    return " ".join(f"{option};" for option in options)


def _name(session: PeerSession) -> str:
    """A name that is no word of BIRD's."""
    return f"to_{session.name}"


def _switch(value: bool) -> str:
    return "on" if value else "off"


def _numbers(text: str) -> list:
    """(64500,100) (64500, 7): the numbers of each pair of brackets."""
    return [tuple(part.strip() for part in group.split(","))
            for group in re.findall(r"\(([^)]*)\)", text)]


def _path(found: dict) -> Path:
    return Path(
        as_path=tuple(int(number) for number in found["as_path"].split()),
        next_hop=found["next_hop"].split()[0],
        med=int(found["med"]) if "med" in found else None,
        local_pref=int(found["local_pref"]),
        communities=tuple(community(int(high), int(low))
                          for high, low in _numbers(found.get("community", ""))),
        large_communities=tuple(":".join(numbers)
                                for numbers in _numbers(found.get("large_community", ""))),
        extended_communities=tuple(
            ":".join({"ro": "soo"}.get(word, word) for word in words)
            for words in _numbers(found.get("ext_community", ""))),
        only_to_customer=int(found["otc"]) if "otc" in found else None,
        origin=found["origin"].lower())
