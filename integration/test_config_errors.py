"""Bad configuration: every fault with its place, and exit status 1."""

import os
import re
from pathlib import Path

import pytest

from lab.herald import HERALDD
from lab.processes import run

VALID = """\
[bgp]
local_as = 65010
router_id = "192.0.2.10"

[[neighbor]]
name = "leaf1"
address = "198.51.100.1"
remote_as = 64500

[[service]]
name = "dns"
prefixes = ["192.0.2.0/24"]
"""

NEIGHBOR = '[[neighbor]]\nname = "leaf2"\naddress = "198.51.100.9"\nremote_as = 64501\n'
SERVICE = '[[service]]\nname = "web"\nprefixes = ["203.0.113.0/24"]\n'
PLACE = re.compile(r"^(?P<file>.+):(?P<line>\d+):(?P<column>\d+): (?P<message>.+)$")

# What is replaced, with what, the line of the fault, and a word that its message must have.
FAULTS = {
    "local_as missing": ("local_as = 65010\n", "", 1, "local_as"),
    "router_id missing": ('router_id = "192.0.2.10"\n', "", 1, "router_id"),
    "address missing": ('address = "198.51.100.1"\n', "", 5, "address"),
    "remote_as missing": ("remote_as = 64500\n", "", 5, "remote_as"),
    "service without a name": ('name = "dns"\n', "", 10, "name"),
    "service without prefixes": ('prefixes = ["192.0.2.0/24"]\n', "", 10, "prefixes"),
    "AS as a string": ("= 65010", '= "65010"', 2, "local_as"),
    "name as a number": ('"dns"', "53", 11, "name"),
    "prefixes as a string": ('["192.0.2.0/24"]', '"192.0.2.0/24"', 12, "prefixes"),
    "AS out of range": ("65010", "4294967295", 2, "local_as"),
    "AS_TRANS": ("65010", "23456", 2, "23456"),
    "AS zero": ("64500", "0", 8, "remote_as"),
    "router id zero": ('"192.0.2.10"', '"0.0.0.0"', 3, "router_id"),
    "address of nothing": ('"198.51.100.1"', '"198.51.100.256"', 7, "198.51.100.256"),
    "host bits": ("192.0.2.0/24", "192.0.2.1/24", 12, "host bits"),
    "prefix too long": ("192.0.2.0/24", "192.0.2.0/33", 12, "192.0.2.0/33"),
    "no TOML": ("[bgp]", "[bgp", 1, ""),
    "unknown key": ("local_as = 65010", "local_as = 65010\nlisten_port = 1", 3, "listen_port"),
    "misspelt key": ("remote_as = 64500", 'remote_as = 64500\nhold_tiem = "9s"', 9, "hold_time"),
    "unknown section": ("[[neighbor]]", "[bpg]\n[[neighbor]]", 5, "bpg"),
    "neighbor named twice": ("[[service]]", NEIGHBOR.replace("leaf2", "leaf1") + "[[service]]",
                             11, "leaf1"),
    "address twice": ("[[service]]", NEIGHBOR.replace(".9", ".1") + "[[service]]",
                      12, "198.51.100.1"),
    "service named twice": ("[[service]]", SERVICE.replace("web", "dns") + "[[service]]",
                            14, "dns"),
    "prefix in two services": ("[[service]]",
                               SERVICE.replace("203.0.113.0", "192.0.2.0") + "[[service]]",
                               15, "192.0.2.0/24"),
    "neighbor that is not there": ('name = "dns"', 'name = "dns"\nneighbors = ["spine"]',
                                   12, "spine"),
    "bad community": ("remote_as = 64500", 'remote_as = 64500\ncommunities = ["64500:99999"]',
                      9, "64500:99999"),
    "bad large community": ("remote_as = 64500",
                            'remote_as = 64500\nlarge_communities = ["1:2"]', 9, "1:2"),
    "hold time of one second": ("remote_as = 64500", 'remote_as = 64500\nhold_time = "1s"',
                                9, "hold_time"),
    "duration without a unit": ("remote_as = 64500", 'remote_as = 64500\nhold_time = "30"',
                                9, "hold_time"),
    "too many prepends": ("remote_as = 64500", "remote_as = 64500\nprepend = 65", 9, "prepend"),
    "check without a type": ('["192.0.2.0/24"]', '["192.0.2.0/24"]\n[[service.check]]', 13,
                             "type"),
    "exec check without a command": (
        '["192.0.2.0/24"]', '["192.0.2.0/24"]\n[[service.check]]\ntype = "exec"', 13, "command"),
    "check type that does not exist": (
        '["192.0.2.0/24"]', '["192.0.2.0/24"]\n[[service.check]]\ntype = "icmp"', 14, "icmp"),
    "metrics on a host's name": ("[[neighbor]]", '[metrics]\nlisten = "localhost:9179"\n'
                                 "[[neighbor]]", 6, "metrics.listen"),
}


def herald(*arguments: object):
    """Runs heraldd, which must end by itself."""
    return run(HERALDD, *arguments, check=False, timeout=10.0)


def problems(done, config: Path) -> list:
    """What a run that must have failed says, as (line, column, message)."""
    assert done.returncode == 1, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    found = [PLACE.match(line) for line in (done.stdout + done.stderr).splitlines()]
    places = [match for match in found if match and match["file"] == str(config)]
    assert places, f"no FILE:LINE:COLUMN in: {done.stdout}{done.stderr}"
    return [(int(match["line"]), int(match["column"]), match["message"]) for match in places]


@pytest.fixture
def config(tmp_path) -> Path:
    """Where a scenario writes its configuration."""
    return tmp_path / "herald.toml"


def test_valid_configuration_passes(config):
    """The control: what the faults are made from is valid, and says nothing."""
    config.write_text(VALID)
    done = herald("--config", config, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_named_with_its_place(name, config):
    """One fault, one message, at its line; the daemon refuses to start with the same."""
    before, after, line, word = FAULTS[name]
    assert before in VALID
    config.write_text(VALID.replace(before, after, 1))
    found = problems(herald("--config", config, "--check"), config)
    assert len(found) == 1
    assert line is None or found[0][0] == line
    assert word in found[0][2]
    assert problems(herald("--config", config), config) == found


def test_all_faults_are_reported_at_once(config):
    """Three faults, three messages, by place."""
    config.write_text(VALID.replace("65010", "0").replace("64500", '"x"')
                      .replace("192.0.2.0/24", "192.0.2.1/24"))
    found = problems(herald("--config", config, "--check"), config)
    assert [line for line, _, _ in found] == [2, 8, 12]


def test_neighbor_that_hears_nothing_is_a_warning(config):
    """Valid, but worth a line."""
    config.write_text(VALID.replace("[[service]]", NEIGHBOR + "[[service]]")
                      + 'neighbors = ["leaf1"]\n')
    done = herald("--config", config, "--check")
    assert done.returncode == 0
    match = PLACE.match((done.stdout + done.stderr).strip())
    assert match and "warning" in match["message"] and "leaf2" in match["message"]


def test_missing_file(config):
    """No such file."""
    assert problems(herald("--config", config), config)[0][:2] == (1, 1)


def test_directory(config):
    """A directory in the file's place."""
    config.mkdir()
    assert problems(herald("--config", config), config)[0][:2] == (1, 1)


def test_unreadable_file(config):
    """A file that herald may not read. Root may, so this root has no capabilities."""
    config.write_text(VALID)
    config.chmod(0)
    done = run("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", HERALDD,
               "--config", config, check=False, timeout=5.0)
    assert problems(done, config)[0][:2] == (1, 1)


def test_noise(config):
    """100 MB of noise are refused unread."""
    with config.open("wb") as file:
        for _ in range(100):
            file.write(os.urandom(1_000_000))
    problems(herald("--config", config), config)


def test_invalid_utf8(config):
    """A byte that is no UTF-8, with its line."""
    config.write_bytes(VALID.encode().replace(b'"dns"', b'"d\xffs"'))
    assert problems(herald("--config", config), config)[0][0] == 11


def test_empty_file(config):
    """Nothing at all: what is required is named."""
    config.write_text("")
    messages = " ".join(message for _, _, message in problems(herald("--config", config), config))
    assert "local_as" in messages or "bgp" in messages


@pytest.mark.parametrize("arguments", [["--colour"], ["surplus"], ["--log-level", "loud"]])
def test_usage_error(arguments):
    """Words that heraldd does not know: status 2."""
    assert herald(*arguments).returncode == 2
