"""A small Debian machine that systemd has booted, and the package that is installed on it."""

import os
import shutil
import signal
from pathlib import Path
from typing import Sequence

from lab.containers import BUILD_SECONDS, base_image, podman
from lab.herald import PROGRAMS, REPOSITORY
from lab.network import Namespace
from lab.processes import Process, run
from lab.waiting import wait_until

CONTAINERFILE = REPOSITORY / "integration/containers/Containerfile.machine"
NAME = "localhost/herald-machine"
BOOT = Path(__file__).with_name("boot_machine")
ENVIRONMENT = ["HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
               "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


def build_package(folder: Path) -> Path:
    """The .deb of the release build, as `cpack -G DEB` makes it."""
    run("cpack", "--config", REPOSITORY / "build/release/CPackConfig.cmake", "-G", "DEB",
        "-B", folder, timeout=120.0)
    packages = list(folder.glob("*.deb"))
    assert len(packages) == 1, packages
    return packages[0]


def next_package(package: Path, version: str) -> Path:
    """The package as of another version: all that is compiled was built as that version."""
    unpacked = package.with_suffix(".unpacked")
    run("dpkg-deb", "--raw-extract", package, unpacked)
    control = unpacked / "DEBIAN/control"
    control.write_text("".join(
        f"Version: {version}\n" if line.startswith("Version:") else line
        for line in control.read_text().splitlines(keepends=True)))
    for name in ("usr/sbin/heraldd", "usr/bin/heraldctl", "usr/lib/herald/herald-tls.so",
                 "usr/lib/herald/herald-dns.so"):
        assert (unpacked / name).is_file()
        run("strip", "-o", unpacked / name, PROGRAMS / "next" / Path(name).name)
    newer = package.with_name(package.name.replace(package.name.split("_")[1], version))
    run("dpkg-deb", "--root-owner-group", "-Znone", "--build", unpacked, newer)
    return newer


class MachineImage:
    """The root that machines are made of, with the package in /root. A context manager."""

    def __init__(self, package: Path):
        podman("build", "--quiet", "--network", "host", "--build-arg", f"BASE={base_image()}",
               "--file", CONTAINERFILE, "--tag", NAME, package.parent, timeout=BUILD_SECONDS)

    def __enter__(self) -> Path:
        return Path(podman("image", "mount", NAME).stdout.strip())

    def __exit__(self, *exception: object) -> None:
        podman("image", "unmount", NAME)


class Machine:
    """A Debian whose first process is systemd, with a namespace of the lab for a network."""

    def __init__(self, namespace: Namespace, image: Path, folder: Path):
        self.namespace, self._image, self._folder = namespace, image, folder
        self._cgroup = _cgroup2() / f"{namespace.name}-machine"
        self._first = 0

    @property
    def root(self) -> Path:
        """Where the machine's files are to be found from outside."""
        return Path(f"/proc/{self._first}/root")

    def boot(self) -> None:
        """Returns when systemd says that the machine is up."""
        self._folder.mkdir()
        self._cgroup.mkdir()
        words = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--fork",
                 "--kill-child", BOOT, self._image, self._folder]
        # The machine's cgroups are below its own: it joins that before it unshares.
        enter = ["sh", "-c", f'echo $$ > {self._cgroup}/cgroup.procs; exec "$@"', "sh"]
        started = self.namespace.start([*enter, *words], self._folder / "boot.log")
        self._first = int(wait_until("it has a first process", lambda: _children(started))[0])
        wait_until("the machine is up", lambda: self._is_up(started), 30.0)

    def _is_up(self, started: Process) -> bool:
        assert started.running, f"the machine did not boot:\n{started.output()}"
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        assert state != "degraded", self.run("systemctl", "--failed", "--no-pager").stdout
        return state == "running"

    def run(self, *words: object, **options):
        """Runs a command on the machine to its end, as root in /root; options as of run."""
        return run("nsenter", f"--target={self._first}", "--mount", "--pid", "--net", "--ipc",
                   "--uts", "--cgroup", "--", "env", "--chdir=/root", "-i", *ENVIRONMENT, *words,
                   **options)

    def shell(self, line: str, **options):
        """The same with a line for the shell, as a person types it."""
        return self.run("sh", "-c", line, **options)

    def property(self, name: str) -> str:
        """A property of herald's unit."""
        return self.run("systemctl", "show", "--value", "--property", name,
                        "herald.service").stdout.strip()

    def files(self) -> set:
        """All files outside of the kernel's, temporary and apt's and dpkg's own folders."""
        skipped = ("./proc", "./sys", "./dev", "./tmp", "./var/tmp", "./var/cache", "./var/log",
                   "./var/lib/dpkg", "./var/lib/apt", "./root", "./run/systemd", "./run/adduser")
        conditions = " -o ".join(f"-path {path}" for path in skipped)
        return set(self.shell(f"cd /; find . \\( {conditions} \\) -prune -o -print")
                   .stdout.splitlines())

    def logs(self) -> str:
        """What herald, and systemd about it, has written."""
        return self.run("journalctl", "--no-pager", "--unit", "herald.service", check=False).stdout

    def kill(self) -> None:
        """Switches the machine off."""
        if self._first:
            os.kill(self._first, signal.SIGKILL)
            wait_until("all its processes have ended", lambda: _remove_cgroups(self._cgroup))
        shutil.rmtree(self._folder)


def _children(process: Process) -> Sequence[str]:
    return process.children() if process.running else []


def _cgroup2() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    raise AssertionError("cgroup2 is not mounted")


def _remove_cgroups(top: Path) -> bool:
    for folder, _, _ in os.walk(top, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            return False
    return True
