"""The same job in containers: images built from this tree, run as compose.yaml says."""

import json

import pytest

from lab import toml
from lab.containers import LIMITS, Composition, base_image, podman
from lab.frr import BgpPath, FrrNeighbor
from lab.scenario import AT_ONCE
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, settings
from lab.waiting import wait_until

# Starting a program in a container takes a good part of a second.
SOON = AT_ONCE + 2.0


@pytest.fixture(scope="module")
def built():
    """The images; building them is the longest part."""
    composition = Composition("herald-test")
    composition.down()  # what a killed run left
    composition.build(base_image())
    return composition


@pytest.fixture
def composition(built):
    """The containers, up, and the service announced."""
    try:
        built.up()
        wait_until("the router has both prefixes", lambda: announced(built), 20.0)
        yield built
    finally:
        built.down()


def announced(composition) -> bool:
    """Whether the router has both prefixes."""
    return bool(composition.paths(IPV4_PREFIX) and composition.paths(IPV6_PREFIX))


def withdrawn(composition) -> bool:
    """Whether the router has neither."""
    return not (composition.paths(IPV4_PREFIX) or composition.paths(IPV6_PREFIX))


def test_containers_do_the_main_job(composition):
    """Announced, withdrawn with the service, back, drained, and gone with herald."""
    assert composition.paths(IPV4_PREFIX) == [BgpPath("65010", ("198.51.100.2",))]
    assert composition.paths(IPV6_PREFIX) == [BgpPath("65010", ("2001:db8:1::2",))]

    composition.stop("web", "--time", "0")
    wait_until("withdrawn with the service", lambda: withdrawn(composition))
    composition.start("web")
    wait_until("announced again", lambda: announced(composition))

    composition.execute("herald", "heraldctl", "drain", "web", "--now", "--wait")
    wait_until("withdrawn by the drain", lambda: withdrawn(composition), SOON)
    status = json.loads(composition.execute("herald", "heraldctl", "--json", "status").stdout)
    assert status["services"][0]["administration"] == "drained"
    composition.execute("herald", "heraldctl", "undrain", "web")
    wait_until("announced again", lambda: announced(composition), SOON)

    composition.stop("herald")
    wait_until("withdrawn by the stop", lambda: withdrawn(composition), SOON)
    seen = composition.show("bgp neighbors 198.51.100.2")["198.51.100.2"]
    assert seen["lastErrorCodeSubcode"] == "0602"


def test_image_runs_as_an_ordinary_user_on_a_read_only_root(built, site):
    """With one capability, for port 179: its router dials it."""
    leaf = site.add_leaf()
    router = site.start_router(leaf, [FrrNeighbor(leaf.node_ipv4, HERALD_AS,
                                                  ["timers connect 1"])])
    config = site.folder / "herald.toml"
    config.write_text(toml.dump(settings(
        [leaf.neighbor(passive=True)],
        [{"name": "web", "prefixes": [IPV4_PREFIX, IPV6_PREFIX]}], listen=["0.0.0.0"])))
    name = site.node.name
    podman("run", "--detach", "--name", name, *LIMITS, "--network", f"ns:{site.node.path}",
           "--read-only", "--cap-drop", "all", "--cap-add", "NET_BIND_SERVICE",
           "--security-opt", "no-new-privileges",
           "--volume", f"{config}:/etc/herald/herald.toml:ro", "localhost/herald")
    try:
        wait_until("announced", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))
        status = podman("exec", name, "cat", "/proc/1/status").stdout
        assert "Uid:\t179\t179\t179\t179" in status
        assert f"CapBnd:\t{1 << 10:016x}" in status
        podman("exec", name, "heraldctl", "drain", "web", "--now", "--wait")
        wait_until("withdrawn", lambda: router.has_none(IPV4_PREFIX, IPV6_PREFIX))
        refused = podman("exec", name, "touch", "/etc/herald/other", check=False)
        assert "Read-only file system" in refused.stderr
    finally:
        print(podman("logs", name, check=False).stderr)
        podman("rm", "--force", "--volumes", name)
