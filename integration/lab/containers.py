"""Container images and compositions, by Podman."""

import json
import os
import shlex
from pathlib import Path

from lab.frr import paths_in
from lab.herald import REPOSITORY
from lab.processes import run

COMPOSE_FILE = REPOSITORY / "integration/containers/compose.yaml"
PUBLIC_BASE = "docker.io/library/debian:12-slim"
OWN_BASE = "localhost/herald-debian:12"
TARBALL = REPOSITORY / "build/debian-12.tar"
COMPILER_CACHE = Path(os.environ.get("CCACHE_DIR", Path.home() / ".cache/ccache"))

RUNTIME = ["--runtime", "runc"]
# Podman's own defaults are more than some machines allow.
LIMITS = ["--ulimit", "nofile=1000:1000", "--ulimit", "nproc=4096:4096"]
BUILD_SECONDS = 900.0


def podman(*words: object, **options):
    """Runs podman to its end; options as of processes.run."""
    return run("podman", *RUNTIME, *words, **options)


def base_image() -> str:
    """The image to build from: $HERALD_BASE_IMAGE, or Docker Hub's Debian, or one made here."""
    if "HERALD_BASE_IMAGE" in os.environ:
        return os.environ["HERALD_BASE_IMAGE"]
    for image in (PUBLIC_BASE, OWN_BASE):
        if podman("image", "exists", image, check=False).returncode == 0:
            return image
    if podman("pull", "--quiet", PUBLIC_BASE, check=False, timeout=120.0).returncode == 0:
        return PUBLIC_BASE
    if not TARBALL.exists():
        _make_tarball()
    podman("import", TARBALL, OWN_BASE, timeout=120.0)
    return OWN_BASE


def _make_tarball() -> None:
    """Debian 12 at its smallest, from wherever this machine gets its packages."""
    TARBALL.parent.mkdir(exist_ok=True)
    root, unfinished = TARBALL.with_suffix(".root"), TARBALL.with_suffix(".part")
    run("rm", "-rf", root)
    repositories = _repositories()
    run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", root,
        next(uri for uri, release, _ in repositories if release == "bookworm"), timeout=600.0)
    lines = sorted({f"deb {' '.join(repository)}\n" for repository in repositories})
    (root / "etc/apt/sources.list").write_text("".join(lines))
    (root / "etc/apt/apt.conf.d/90host").write_text(_transport_settings())
    run("tar", "-C", root, "-cf", unfinished, ".", timeout=120.0)
    unfinished.rename(TARBALL)
    run("rm", "-rf", root)


def _repositories() -> list:
    """Where apt gets Debian 12 from on this machine, as (URI, release, component)."""
    listed = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                 "Created-By: Packages", "Origin: Debian").stdout
    found = [tuple(line.split()) for line in listed.splitlines()]
    assert found, "apt knows no Debian repository: apt-get update has not run"
    return found


def _transport_settings() -> str:
    """How apt reaches its repositories on this machine: proxies, and checks of dates."""
    names = ("Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Date",
             "Acquire::Check-Valid-Until")
    return "".join(f"{line}\n" for line in run("apt-config", "dump").stdout.splitlines()
                   if line.split()[0] in names)


class Composition:
    """The containers of compose.yaml, under a project name of their own."""

    def __init__(self, project: str):
        self._project = project

    def build(self, base: str) -> None:
        """Builds the images. The compiler's cache is shared with this machine's builds."""
        COMPILER_CACHE.mkdir(parents=True, exist_ok=True)
        self._compose("build", env={**os.environ, "BASE": base})

    def up(self) -> None:
        """Starts all containers, in the background."""
        self._compose("up", "--detach", "--no-build")

    def down(self) -> None:
        """Removes the containers and their network."""
        self._compose("down", "--timeout", "0", "--volumes", check=False)
        podman("network", "rm", "--force", f"{self._project}_fabric", check=False)

    def _compose(self, *words: str, **options):
        build = ["--network", "host", "--volume", f"{COMPILER_CACHE}:/root/.cache/ccache"]
        return run("podman-compose", "--project-name", self._project, "--file", COMPOSE_FILE,
                   "--podman-args", shlex.join(RUNTIME),
                   "--podman-build-args", shlex.join(build),
                   "--podman-run-args", shlex.join(LIMITS),
                   *words, timeout=BUILD_SECONDS, **options)

    def container(self, service: str) -> str:
        """The name of a service's container."""
        return f"{self._project}_{service}_1"

    def stop(self, service: str, *options: str) -> None:
        """podman stop: SIGTERM, and after a while SIGKILL."""
        podman("stop", *options, self.container(service))

    def start(self, service: str) -> None:
        """podman start."""
        podman("start", self.container(service))

    def execute(self, service: str, *words: str, **options):
        """Runs a command in a service's container."""
        return podman("exec", self.container(service), *words, **options)

    def show(self, what: str) -> dict:
        """The router's answer to `show WHAT json`."""
        return json.loads(self.execute("router", "vtysh", "-c", f"show {what} json").stdout)

    def paths(self, prefix: str) -> list:
        """Every path that the router has to exactly this prefix."""
        family = "ipv6" if ":" in prefix else "ipv4"
        return paths_in(self.show(f"bgp {family} unicast {prefix}"), prefix)

    def logs(self) -> str:
        """What the containers have written."""
        names = ("router", "web", "herald")
        return "\n".join(f"--- {name}\n{self._log(name)}" for name in names)

    def _log(self, service: str) -> str:
        done = podman("logs", self.container(service), check=False)
        return done.stdout + done.stderr
