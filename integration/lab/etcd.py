"""etcd from Debian: one member or several, on loopback addresses of a namespace."""

import json
import shutil
import signal
from pathlib import Path
from typing import Optional, Sequence

from lab.network import Namespace
from lab.waiting import wait_until

CLIENT_PORT, PEER_PORT = 2379, 2380


class Member:
    """One member: its address, its data, its process."""

    def __init__(self, cluster: "Etcd", number: int):
        self.cluster, self.number = cluster, number
        self.name, self.address = f"etcd{number}", f"127.9.0.{number}"
        self.folder = cluster.folder / self.name
        self.process = None
        self._starts = 0

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"{self.cluster.scheme}://{self.address}:{CLIENT_PORT}"

    @property
    def peer_url(self) -> str:
        """Where the other members find it."""
        return f"http://{self.address}:{PEER_PORT}"

    def start(self) -> None:
        """Starts it, with the data that it has."""
        self._starts += 1
        everyone = ",".join(f"{each.name}={each.peer_url}" for each in self.cluster.members)
        words = ["etcd", "--name", self.name, "--data-dir", self.folder, "--enable-v2=false",
                 "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
                 "--listen-peer-urls", self.peer_url, "--initial-advertise-peer-urls",
                 self.peer_url, "--initial-cluster", everyone, "--initial-cluster-state", "new",
                 "--heartbeat-interval", "50", "--election-timeout", "500", "--log-level", "error",
                 *self.cluster.options]
        self.process = self.cluster.namespace.start(
            words, self.cluster.folder / f"{self.name}-{self._starts}.log",
            {"PATH": "/usr/bin:/bin"})

    def pause(self) -> None:
        """It goes on in mid-request, later."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Ends a pause."""
        self.process.signal(signal.SIGCONT)


class Etcd:
    """A cluster. A context manager: leaving it removes all."""

    def __init__(self, namespace: Namespace, folder: Path, members: int = 1,
                 scheme: str = "http", options: Sequence[object] = (),
                 credentials: Sequence[object] = ()):
        self.namespace, self.folder, self.scheme, self.options = namespace, folder, scheme, options
        self.credentials = list(credentials)  # words for etcdctl
        folder.mkdir(parents=True)
        self.members = [Member(self, number + 1) for number in range(members)]

    def __enter__(self) -> "Etcd":
        for member in self.members:
            member.start()
        wait_until("etcd answers", self.healthy, 30.0)
        return self

    def __exit__(self, *exception: object) -> None:
        for member in self.members:
            if member.process:
                member.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ctl(self, *words: object, member: Optional[Member] = None, check: bool = True):
        """Runs etcdctl."""
        which = member or self.members[0]
        return self.namespace.run("env", "ETCDCTL_API=3", "etcdctl", "--endpoints", which.url,
                                  *self.credentials, *words, check=check)

    def healthy(self) -> bool:
        """Whether every member serves."""
        return all(self.ctl("endpoint", "health", member=each, check=False).returncode == 0
                   for each in self.members)

    def require_password(self, password: str) -> None:
        """From now on only the user root with this password may do anything."""
        self.ctl("user", "add", f"root:{password}")
        self.ctl("user", "grant-role", "root", "root")
        self.ctl("auth", "enable")
        self.credentials = ["--user", f"root:{password}"]

    def keys(self, prefix: str = "/herald/") -> dict:
        """What is stored below the prefix, decoded where it is JSON."""
        lines = self.ctl("get", "--prefix", prefix).stdout.splitlines()
        return {key: json.loads(value) if value else None
                for key, value in zip(lines[::2], lines[1::2])}

    def leader(self) -> Member:
        """The member that leads."""
        for each in self.members:
            shown = json.loads(self.ctl("endpoint", "status", "-w", "json", member=each).stdout)
            status = shown[0]["Status"]
            if status["leader"] == status["header"]["member_id"]:
                return each
        raise AssertionError("nobody leads")
