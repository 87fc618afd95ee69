"""The same job in containers: images built from this tree, run as compose.yaml says."""

import json

import pytest

from lab.containers import Composition, base_image
from lab.frr import BgpPath
from lab.scenario import AT_ONCE
from lab.site import IPV4_PREFIX, IPV6_PREFIX
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
