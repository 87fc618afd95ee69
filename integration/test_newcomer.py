"""A person who has never seen herald gets to an announced prefix with the manuals alone."""

import sys

import pytest

from lab.anycast import PROGRAM as DNS_SERVICE
from lab.frr import BgpPath, Router
from lab.machine import Machine
from lab.manual import commands, examples
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, ROUTER_AS
from lab.waiting import wait_until

# heraldd(8), EXAMPLES: what the person types, and where the router's administrator comes in.
FIRST_STEPS = ["apt install ./herald_*.deb",
               "editor /etc/herald/herald.toml",
               "heraldd --check",
               "systemctl enable --now herald"]
LAST_STEPS = ["heraldctl wait --service dns --announced",
              "heraldctl status"]
# The addresses that the manuals use.
ROUTER, NODE = "198.51.100.1", "198.51.100.2"


@pytest.fixture
def newcomers_machine(site, machine):
    """A fresh machine with the package in root's home, the router's link and the DNS server."""
    leaf = site.add_leaf()
    leaf.link.address(f"{ROUTER}/30", f"{NODE}/30")
    site.node.start([sys.executable, DNS_SERVICE, "127.0.0.1", "node"], site.folder / "dns.log")
    return machine


def type_in(machine: Machine, line: str) -> str:
    """Runs what a person types; apt's question is answered with yes."""
    return machine.shell(line.replace("apt install", "apt install --yes")).stdout


def edit_by(machine: Machine, text: str) -> None:
    """Makes the person at the editor replace the file with this text."""
    (machine.root / "root/edited.toml").write_text(text)
    editor = machine.root / "usr/local/bin/editor"
    editor.write_text('#!/bin/sh\ncat /root/edited.toml > "$1"\n')
    editor.chmod(0o755)


def test_newcomer_announces_a_prefix_with_the_manuals_alone(site, newcomers_machine):
    """Every command, the configuration and the router's lines are those of the manuals."""
    machine, leaf = newcomers_machine, site.leaves[0]
    type_in(machine, FIRST_STEPS[0])
    pages = machine.root / "usr/share/man"
    first, at_router, last, *_ = examples(pages / "man8/heraldd.8.gz")
    assert commands(first) == FIRST_STEPS
    assert commands(last) == LAST_STEPS
    (configuration,) = examples(pages / "man5/herald.toml.5.gz")

    edit_by(machine, configuration)
    for step in FIRST_STEPS[1:]:
        type_in(machine, step)
    leaf.router = Router(leaf.namespace, site.folder / leaf.name, ROUTER_AS, ROUTER, [],
                         text=at_router)
    leaf.router.start()
    for step in LAST_STEPS:
        said = type_in(machine, step)

    assert "dns" in said and "leaf1" in said
    wait_until("both prefixes are there", lambda: leaf.router.has(IPV4_PREFIX, IPV6_PREFIX))
    assert leaf.router.paths(IPV4_PREFIX) == [BgpPath(str(HERALD_AS), (NODE,))]
