"""OPENs of every kind: which are refused, with what octets, and which are not."""

import struct

import pytest

from lab.bgp_bytes import (AS_TRANS, ENHANCED_REFRESH, EXTENDED_MESSAGE, IPV4, IPV6,
                           KEEPALIVE_MESSAGE, OPEN, REFRESH, capability, extended_parameters,
                           four_octet_as, message, multiprotocol, notification, open_body,
                           open_message, parameter, role)
from lab.raw import PEER_AS, WIDE_AS, RawLab, cases
from lab.site import HERALD_AS

pytestmark = pytest.mark.usefixtures("witness")

WIDE_LOCAL_AS = 4200000001
GRACEFUL_RESTART = capability(64, b"\x40\x78" + b"\0\1\1\x80")


@pytest.fixture(scope="module", name="lab")
def fixture_lab():
    """Neighbors of every sort that an OPEN can be right or wrong for."""
    with RawLab({
            "peer": {}, "wide": {"remote_as": WIDE_AS}, "internal": {"remote_as": HERALD_AS},
            "provider": {"role": "customer"}, "ipv6": {"families": ["ipv6"]},
            "all": {"role": "rs", "extended_nexthop": True, "hold_time": "3s",
                    "families": ["ipv4"], "graceful_restart": "120s"},
            "witness": {"hold_time": "3s"}}) as built:
        yield built


def plain(**fields: object) -> bytes:
    """A right OPEN of the usual neighbor, but for these fields."""
    return open_message(PEER_AS, IPV4, **fields)


def with_parameters(content: bytes, as_number: int = PEER_AS) -> bytes:
    """An OPEN whose end, from the length octet on, is this."""
    return message(OPEN, open_body(as_number, content))


def with_capabilities(*capabilities: bytes, as_number: int = PEER_AS) -> bytes:
    """An OPEN with these capabilities in one parameter and nothing added."""
    content = parameter(b"".join(capabilities))
    return with_parameters(bytes([len(content)]) + content, as_number)


def extended(content: bytes, kind: int = 2) -> bytes:
    """A parameter with a length of two octets, RFC 9072."""
    return struct.pack("!BH", kind, len(content)) + content


USUAL = IPV4 + four_octet_as(PEER_AS)
USUAL_PARAMETER = parameter(USUAL)
UNSPECIFIC, BAD_AS, BAD_ID = notification(2, 0), notification(2, 2), notification(2, 3)
BAD_PARAMETER, BAD_HOLD_TIME = notification(2, 4), notification(2, 6)
ROLE_MISMATCH = notification(2, 11)
BAD_VERSION = notification(2, 1, b"\0\4")

REFUSED = {
    "RFC 4271 6.2, version 0": ("peer", plain(version=0), BAD_VERSION),
    "RFC 4271 6.2, version 3": ("peer", plain(version=3), BAD_VERSION),
    "RFC 4271 6.2, version 5": ("peer", plain(version=5), BAD_VERSION),
    "RFC 4271 6.2, version before all else": (
        "peer", plain(version=5, hold_time=1, identifier="0.0.0.0"), BAD_VERSION),
    "RFC 4271 6.2, another AS": ("peer", open_message(64999, IPV4), BAD_AS),
    "RFC 4271 6.2, another AS of two octets, no capability":
        ("peer", with_parameters(b"\0", 64999), BAD_AS),
    "RFC 6793 4.1, another AS in the capability alone":
        ("peer", with_capabilities(IPV4, four_octet_as(64999)), BAD_AS),
    "RFC 6793 4.2.1, AS_TRANS without the capability":
        ("peer", with_parameters(b"\0", AS_TRANS), BAD_AS),
    "RFC 6793 4.2.1, AS_TRANS in the capability":
        ("peer", with_capabilities(IPV4, four_octet_as(AS_TRANS), as_number=AS_TRANS), BAD_AS),
    "RFC 6793 4.2.1, wide AS named by its low half":
        ("wide", with_parameters(b"\0", WIDE_AS & 0xFFFF), BAD_AS),
    "RFC 7607 2, AS 0 in both places": ("peer", open_message(0, IPV4), BAD_AS),
    "RFC 7607 2, AS 0 without the capability": ("peer", with_parameters(b"\0", 0), BAD_AS),
    "RFC 7607 2, AS 0 in the field alone":
        ("peer", with_capabilities(IPV4, four_octet_as(PEER_AS), as_number=0), BAD_AS),
    "RFC 7607 2, AS 0 in the capability alone":
        ("peer", with_capabilities(IPV4, four_octet_as(0)), BAD_AS),
    "RFC 6286 2.1, identifier 0": ("peer", plain(identifier="0.0.0.0"), BAD_ID),
    "RFC 6286 2.2, herald's identifier inside an AS":
        ("internal", open_message(HERALD_AS, IPV4, identifier="192.0.2.10"), BAD_ID),
    "RFC 4271 6.2, hold time 1": ("peer", plain(hold_time=1), BAD_HOLD_TIME),
    "RFC 4271 6.2, hold time 2": ("peer", plain(hold_time=2), BAD_HOLD_TIME),
    "RFC 4271 6.2, parameter 1, authentication":
        ("peer", with_parameters(b"\3" + parameter(b"\0", kind=1)), BAD_PARAMETER),
    "RFC 4271 6.2, parameter 0": ("peer", with_parameters(b"\2" + parameter(b"", kind=0)),
                                  BAD_PARAMETER),
    "RFC 4271 6.2, parameter 3 after capabilities":
        ("peer", with_parameters(bytes([len(USUAL_PARAMETER) + 2]) + USUAL_PARAMETER
                                 + parameter(b"", kind=3)), BAD_PARAMETER),
    "RFC 9072 2, parameter 255 after capabilities":
        ("peer", with_parameters(bytes([len(USUAL_PARAMETER) + 2]) + USUAL_PARAMETER
                                 + parameter(b"", kind=255)), BAD_PARAMETER),
    "RFC 9072 2, parameter 1 in the extended form":
        ("peer", with_parameters(extended_parameters(extended(b"\0", kind=1))), BAD_PARAMETER),
    "RFC 9234 4.2, same role": ("provider", open_message(PEER_AS, IPV4, role(3)), ROLE_MISMATCH),
    "RFC 9234 4.2, peer to customer":
        ("provider", open_message(PEER_AS, IPV4, role(4)), ROLE_MISMATCH),
    "RFC 9234 4.2, role that does not exist":
        ("provider", open_message(PEER_AS, IPV4, role(5)), ROLE_MISMATCH),
    "RFC 9234 4.2, two roles, the right one first":
        ("provider", open_message(PEER_AS, IPV4, role(0), role(1)), ROLE_MISMATCH),
    "RFC 9234 4.2, two roles, the right one last":
        ("provider", open_message(PEER_AS, IPV4, role(1), role(0)), ROLE_MISMATCH),
    "RFC 5492 5, no family in common":
        ("ipv6", open_message(PEER_AS, IPV4), notification(2, 7, IPV6)),
    "RFC 5492 3, no capability means IPv4":
        ("ipv6", with_parameters(b"\0"), notification(2, 7, IPV6)),
    "RFC 4760 8, families that herald does not speak":
        ("peer", open_message(PEER_AS, multiprotocol(1, 128), multiprotocol(25, 70)),
         notification(2, 7, IPV4 + IPV6)),
}

# Where a length of the parameters is not what follows it: RFC 4271 §6.2, subcode 0.
LYING = {
    "RFC 4271 4.2, parameters of 1 with none": b"\1",
    "RFC 4271 4.2, parameters of 255 with none": b"\xff",
    "RFC 4271 4.2, parameters of 0 with some": b"\0" + USUAL_PARAMETER,
    "RFC 4271 4.2, parameters one shorter": bytes([len(USUAL_PARAMETER) - 1]) + USUAL_PARAMETER,
    "RFC 4271 4.2, parameters one longer": bytes([len(USUAL_PARAMETER) + 1]) + USUAL_PARAMETER,
    "RFC 4271 4.2, parameter of a type alone": b"\1\2",
    "RFC 4271 4.2, parameter one longer": b"\3\2\2\2",
    "RFC 4271 4.2, an octet after the parameter": b"\3\2\0\2",
    "RFC 5492 4, capability of a code alone": b"\3\2\1\2",
    "RFC 5492 4, capability one longer": b"\5\2\3" + b"\x41\2\0",
    "RFC 5492 4, capability past its parameter": b"\x0a\2\4" + b"\x41\4\0\0" + b"\2\2\0\0",
    "RFC 9072 2, no length": b"\xff\xff",
    "RFC 9072 2, half a length": b"\xff\xff\0",
    "RFC 9072 2, one shorter": extended_parameters(extended(USUAL), len(extended(USUAL)) - 1),
    "RFC 9072 2, one longer": extended_parameters(extended(USUAL), len(extended(USUAL)) + 1),
    "RFC 9072 2, 65535 with none": extended_parameters(b"", 65535),
    "RFC 9072 2, parameter of a type alone": extended_parameters(b"\2"),
    "RFC 9072 2, parameter with half a length": extended_parameters(b"\2\0"),
    "RFC 9072 2, parameter one longer": extended_parameters(b"\2\0\3\2\0"),
    "RFC 9072 2, parameter of 65535": extended_parameters(b"\2\xff\xff\2\0"),
    "RFC 9072 2, lengths of one octet": extended_parameters(USUAL_PARAMETER),
}

MANY = b"".join(capability(200 + number % 50, bytes(4)) for number in range(60))

ACCEPTED = {
    "RFC 5492 3, no capabilities": ("peer", with_parameters(b"\0")),
    "RFC 5492 4, an empty parameter": ("peer", with_parameters(b"\2" + parameter(b""))),
    "RFC 5492 4, unknown ones before and behind":
        ("peer", with_capabilities(capability(0), capability(222, bytes(9)), USUAL,
                                   capability(255, b"\1"))),
    "RFC 5492 4, repeated": ("peer", with_capabilities(USUAL, USUAL, REFRESH, REFRESH)),
    "RFC 5492 4, each in a parameter of its own":
        ("peer", with_parameters(b"\x10" + parameter(IPV4) + parameter(four_octet_as(PEER_AS)))),
    "RFC 5492 4, in falling order":
        ("peer", with_capabilities(ENHANCED_REFRESH, four_octet_as(PEER_AS), EXTENDED_MESSAGE,
                                   REFRESH, IPV6, IPV4)),
    "RFC 5492 4, values that are too short are as good as unknown":
        ("peer", with_capabilities(capability(1, b"\0\1\0"), capability(65, b"\0\0\xfb"),
                                   capability(64, b"\0"), capability(9), capability(5, b"\0"))),
    "RFC 4724 3, graceful restart": ("peer", open_message(PEER_AS, IPV4, GRACEFUL_RESTART)),
    "software version and FQDN of the neighbor":
        ("peer", open_message(PEER_AS, IPV4, capability(75, b"\5x/1.0"), capability(73, b"\1a\1b"))
         ),
    "RFC 9072 2, extended form": ("peer", with_parameters(extended_parameters(extended(USUAL)))),
    "RFC 9072 2, extended form, length octet 0":
        ("peer", with_parameters(extended_parameters(extended(USUAL), octet=0))),
    "RFC 9072 2, extended form, length octet that lies":
        ("peer", with_parameters(extended_parameters(extended(USUAL), octet=3))),
    "RFC 9072 2, extended form with more than 255 octets":
        ("peer", with_parameters(extended_parameters(extended(MANY + USUAL)))),
    "RFC 9072 2, extended form with several parameters":
        ("peer", with_parameters(extended_parameters(extended(MANY) + extended(USUAL)))),
    "RFC 4271 4.2, hold time 3": ("peer", plain(hold_time=3)),
    "RFC 4271 4.2, hold time 65535": ("peer", plain(hold_time=65535)),
    "RFC 6286 2.1, identifier that is no host's": ("peer", plain(identifier="255.255.255.255")),
    "RFC 6286 2.1, multicast identifier": ("peer", plain(identifier="224.0.0.5")),
    "RFC 6286 2.1, identifier 1": ("peer", plain(identifier="0.0.0.1")),
    "RFC 6286 2.2, herald's identifier in another AS": ("peer", plain(identifier="192.0.2.10")),
    "RFC 6793 4.1, AS_TRANS with the capability":
        ("peer", with_capabilities(USUAL, as_number=AS_TRANS)),
    "RFC 6793 4.2.1, wide AS of an old speaker": ("wide", with_parameters(b"\0", AS_TRANS)),
    "RFC 6793 4.1, wide AS": ("wide", open_message(WIDE_AS, IPV4)),
    "RFC 9234 4.2, the other role": ("provider", open_message(PEER_AS, IPV4, role(0))),
    "RFC 9234 4.2, the other role twice":
        ("provider", open_message(PEER_AS, IPV4, role(0), role(0))),
    "RFC 9234 4.2, no role": ("provider", open_message(PEER_AS, IPV4)),
    "RFC 9234 4.1, a role inside an AS": ("internal", open_message(HERALD_AS, IPV4, role(0))),
    "RFC 9234 4.2, a role where herald has none": ("peer", open_message(PEER_AS, IPV4, role(0))),
    "RFC 4760 8, one family of two": ("peer", open_message(PEER_AS, IPV6)),
    "RFC 4760 8, one family among strange ones":
        ("peer", open_message(PEER_AS, multiprotocol(16388, 71), IPV4, multiprotocol(1, 133))),
}

ROUTING = REFRESH + EXTENDED_MESSAGE
OWN_AS = four_octet_as(HERALD_AS)
OWN = {
    "RFC 4271 4.2, to another AS": ("peer", IPV4 + IPV6 + ROUTING + OWN_AS + ENHANCED_REFRESH, 90),
    "RFC 4271 4.2, inside the AS":
        ("internal", IPV4 + IPV6 + ROUTING + OWN_AS + ENHANCED_REFRESH, 90),
    "RFC 4760 8, one family": ("ipv6", IPV6 + ROUTING + OWN_AS + ENHANCED_REFRESH, 90),
    "RFC 9234 4.1, role":
        ("provider", IPV4 + IPV6 + ROUTING + role(3) + OWN_AS + ENHANCED_REFRESH, 90),
    "RFC 8950 4, RFC 9234 4.1, RFC 4724 3, RFC 8538 2, all that can be configured":
        ("all", IPV4 + REFRESH + capability(5, b"\0\1\0\1\0\2") + EXTENDED_MESSAGE + role(1)
         + capability(64, b"\x40\x78\0\1\1\0") + OWN_AS + ENHANCED_REFRESH, 3),
}


@cases("neighbor, content, expected", REFUSED)
def test_refused(lab, neighbor, content, expected):
    """A NOTIFICATION, and the end."""
    with lab.in_state("OpenSent", neighbor) as peer:
        peer.send(content)
        assert peer.rest() == expected


@pytest.mark.parametrize("end", [pytest.param(row, id=name) for name, row in LYING.items()])
def test_lengths_that_lie(lab, end):
    """2/0, and nothing is read past the end."""
    with lab.in_state("OpenSent", "peer") as peer:
        peer.send(with_parameters(end))
        assert peer.rest() == UNSPECIFIC


@pytest.mark.parametrize("cut", range(len(USUAL_PARAMETER)))
@pytest.mark.parametrize("form", ["plain", "extended"])
def test_parameters_cut(lab, cut, form):
    """RFC 9072 §2, RFC 5492 §4: right parameters cut short at each octet, the length kept."""
    whole = {"plain": bytes([len(USUAL_PARAMETER)]) + USUAL_PARAMETER,
             "extended": extended_parameters(extended(USUAL))}[form]
    with lab.in_state("OpenSent", "peer") as peer:
        peer.send(with_parameters(whole[:len(whole) - len(USUAL_PARAMETER) + cut]))
        assert peer.rest() == UNSPECIFIC


@cases("neighbor, content", ACCEPTED)
def test_accepted(lab, neighbor, content):
    """A KEEPALIVE, and after one of the neighbor's the session is up."""
    with lab.in_state("OpenSent", neighbor) as peer:
        peer.send(content)
        assert peer.receive() == KEEPALIVE_MESSAGE
        peer.send(KEEPALIVE_MESSAGE)
        peer.receive()  # a route, or an End-of-RIB
        assert lab.view(neighbor)["state"] == "Established"


@cases("neighbor, capabilities, hold_time", OWN)
def test_own_open(lab, neighbor, capabilities, hold_time):
    """Octet for octet: neither FQDN nor software version is in it."""
    content = parameter(capabilities)
    with lab.connect(neighbor) as peer:
        assert peer.receive() == message(OPEN, open_body(
            HERALD_AS, bytes([len(content)]) + content, "192.0.2.10", hold_time=hold_time))


def test_own_open_with_a_wide_as():
    """RFC 6793 §4.1: AS_TRANS in the field, the number in the capability."""
    with RawLab({"peer": {}}, local_as=WIDE_LOCAL_AS) as lab, lab.connect("peer") as peer:
        content = parameter(IPV4 + IPV6 + ROUTING + four_octet_as(WIDE_LOCAL_AS)
                            + ENHANCED_REFRESH)
        assert peer.receive() == message(OPEN, open_body(
            AS_TRANS, bytes([len(content)]) + content, "192.0.2.10"))
