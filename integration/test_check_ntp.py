"""ntp checks against chrony, and against services that behave badly."""

import pytest

from lab.checking import Checking
from lab.servers import LOST_NTP_PORT, NTP_PORT, Servers

MANNERS = {"udp-silent": 9000, "udp-garbage": 9001, "udp-echo": 9002, "udp-elsewhere": 9003}
NOBODY_PORT = 9999
ENDING_NTP_PORT = 12302
WAITING = "timed out after 1 s: waiting for the reply"
OTHERS = "; 1 came that did not answer the request"

CASES = {
    "fine": (NTP_PORT, {}, "pass", "stratum 3"),
    "near-enough": (NTP_PORT, {"max_stratum": 3}, "pass", "stratum 3"),
    "too-far": (NTP_PORT, {"max_stratum": 2}, "fail", "its stratum is 3, more than 2"),
    "lost": (LOST_NTP_PORT, {}, "fail", "not synchronised: its stratum is 0"),
    "refused": (NOBODY_PORT, {}, "fail", "connection refused"),
    "udp-silent": (MANNERS["udp-silent"], {}, "fail", WAITING),
    "udp-garbage": (MANNERS["udp-garbage"], {}, "fail", WAITING + OTHERS),
    "udp-echo": (MANNERS["udp-echo"], {}, "fail", WAITING + OTHERS),
    "udp-elsewhere": (MANNERS["udp-elsewhere"], {}, "fail", WAITING),
}


@pytest.fixture(scope="module")
def servers(module_site):
    """One that knows the time, one that does not, and the bad ones."""
    all_of_them = Servers(module_site.node, module_site.folder)
    all_of_them.chrony()
    all_of_them.chrony(LOST_NTP_PORT, more="")
    all_of_them.bad([f"{port}:{manner}" for manner, port in MANNERS.items()])
    return all_of_them


@pytest.fixture(scope="module")
def watched(module_site, servers):
    """One daemon with every case."""
    assert servers
    return Checking(module_site, {name: {"type": "ntp", "address": f"127.0.0.1:{port}", **keys}
                                  for name, (port, keys, _, _) in CASES.items()})


@pytest.mark.parametrize("name", CASES)
def test_server(name, watched):
    """Each result with what it says; a server may still have to start."""
    _, _, result, output = CASES[name]
    assert watched.wait(name, result)[:len(output)] == output


def test_server_that_stops(module_site, servers):
    """The service is asked at each run."""
    server = servers.chrony(ENDING_NTP_PORT)
    watched = Checking(module_site, {"time": {
        "type": "ntp", "address": f"127.0.0.1:{ENDING_NTP_PORT}"}}, "ending")
    watched.wait("time", "pass")
    server.kill()
    assert watched.wait("time", "fail") == "connection refused"
