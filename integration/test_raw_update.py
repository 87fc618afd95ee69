"""Malformed UPDATEs, attribute by attribute: RFC 7606. What is treated as a withdrawal and what
loses an attribute are told apart by §5.2: where nothing is reachable, the first ends the session.
"""

import struct

import pytest

from lab.bgp_bytes import (EXTENDED_LENGTH, EXTENDED_MESSAGE, IPV4, IPV6, KEEPALIVE_MESSAGE, SET,
                           OPEN, UPDATE, attribute, message, mp_reach, mp_unreach, notification,
                           open_body, prefix, segment, update)
from lab.raw import PEER_AS, RawLab, cases
from lab.site import HERALD_AS
from lab.waiting import wait_until

pytestmark = pytest.mark.usefixtures("witness")


@pytest.fixture(scope="module", name="lab")
def fixture_lab():
    """A neighbor in another AS, one in herald's, and one that must not notice anything."""
    with RawLab({"external": {}, "internal": {"remote_as": HERALD_AS},
                 "witness": {"hold_time": "3s"}}) as built:
        yield built


def attributes(*rows: tuple) -> dict:
    """The usual attributes by their types, with rows (flags, type, value) put in their places."""
    usual = {1: attribute(0x40, 1, b"\0"), 2: attribute(0x40, 2, segment(PEER_AS)),
             3: attribute(0x40, 3, b"\x7f\1\0\1")}
    return {**usual, **{row[1]: attribute(*row) for row in rows}}


def joined(by_type: dict) -> bytes:
    """The attributes in ascending order of type."""
    return b"".join(by_type[kind] for kind in sorted(by_type))


ROUTE = prefix("203.0.113.0/24")
ROUTE6 = prefix("2001:db8:1::/48")
NEXT_HOP6 = b"\x20\1\x0d\xb8" + bytes(11) + b"\x63"
LOCAL_PREF = (0x40, 5, b"\0\0\0\x64")

# Flags, type, value; the subcode of RFC 4271 §6.3 for it. A whole attribute is the data, save with
# a malformed AS_PATH.
WITHDRAWN = {
    "RFC 7606 7.1, ORIGIN 3": ((0x40, 1, b"\3"), 6),
    "RFC 7606 7.1, ORIGIN 255": ((0x40, 1, b"\xff"), 6),
    "RFC 7606 7.1, ORIGIN of none": ((0x40, 1, b""), 5),
    "RFC 7606 7.1, ORIGIN of 2": ((0x40, 1, b"\0\0"), 5),
    "RFC 7606 3c, ORIGIN optional": ((0xC0, 1, b"\0"), 4),
    "RFC 7606 3c, ORIGIN not transitive": ((0x00, 1, b"\0"), 4),
    "RFC 7606 3c, AS_PATH optional": ((0xC0, 2, segment(PEER_AS)), 4),
    "RFC 7606 7.2, segment type 0": ((0x40, 2, segment(PEER_AS, kind=0)), 11),
    "RFC 7606 7.2, segment type 5": ((0x40, 2, segment(PEER_AS, kind=5)), 11),
    "RFC 5065 5, confederation segment from another AS":
        ((0x40, 2, segment(PEER_AS, kind=3)), 11),
    "RFC 7606 7.2, segment without a number": ((0x40, 2, segment()), 11),
    "RFC 7606 7.2, segment past the end": ((0x40, 2, b"\2\2\0\0\xfb\xf4"), 11),
    "RFC 7606 7.2, an octet left over": ((0x40, 2, segment(PEER_AS) + b"\2"), 11),
    "RFC 6793 4.1, two-octet numbers": ((0x40, 2, segment(PEER_AS, width=2)), 11),
    "RFC 7607 2, AS 0 in AS_PATH": ((0x40, 2, segment(PEER_AS, 0)), 11),
    "RFC 7607 2, AS 0 in a set":
        ((0x40, 2, segment(PEER_AS) + segment(0, 1, kind=SET)), 11),
    "RFC 7606 7.3, NEXT_HOP of 3": ((0x40, 3, b"\x7f\1\0"), 5),
    "RFC 7606 7.3, NEXT_HOP of 16": ((0x40, 3, NEXT_HOP6), 5),
    "RFC 7606 7.3, NEXT_HOP of none": ((0x40, 3, b""), 5),
    "RFC 7606 3c, NEXT_HOP optional": ((0x80, 3, b"\x7f\1\0\1"), 4),
    "RFC 4271 6.3, NEXT_HOP 0.0.0.0": ((0x40, 3, b"\0\0\0\0"), 8),
    "RFC 4271 6.3, NEXT_HOP multicast": ((0x40, 3, b"\xe0\0\0\5"), 8),
    "RFC 4271 6.3, NEXT_HOP broadcast": ((0x40, 3, b"\xff\xff\xff\xff"), 8),
    "RFC 7606 7.4, MULTI_EXIT_DISC of 3": ((0x80, 4, b"\0\0\1"), 5),
    "RFC 7606 7.4, MULTI_EXIT_DISC of 5": ((0x80, 4, bytes(5)), 5),
    "RFC 7606 3c, MULTI_EXIT_DISC transitive": ((0xC0, 4, bytes(4)), 4),
    "RFC 7606 3c, ATOMIC_AGGREGATE optional": ((0xC0, 6, b""), 4),
    "RFC 7606 3c, AGGREGATOR well-known": ((0x40, 7, segment(1)[2:] + bytes(4)), 4),
    "RFC 7606 7.8, COMMUNITIES of 3": ((0xC0, 8, b"\0\0\1"), 5),
    "RFC 7606 7.8, COMMUNITIES of 5": ((0xC0, 8, bytes(5)), 5),
    "RFC 7606 4, COMMUNITIES of none": ((0xC0, 8, b""), 5),
    "RFC 7606 3c, COMMUNITIES not transitive": ((0x80, 8, bytes(4)), 4),
    "RFC 7606 7.14, EXTENDED_COMMUNITIES of 7": ((0xC0, 16, bytes(7)), 5),
    "RFC 7606 4, EXTENDED_COMMUNITIES of none": ((0xC0, 16, b""), 5),
    "RFC 8092 6, LARGE_COMMUNITY of 11": ((0xC0, 32, bytes(11)), 5),
    "RFC 8092 6, LARGE_COMMUNITY of none": ((0xC0, 32, b""), 5),
    "RFC 9234 5, OTC of 3": ((0xC0, 35, bytes(3)), 5),
    "RFC 9234 5, OTC of 8": ((0xC0, 35, bytes(8)), 5),
    "RFC 7606 3c, OTC not transitive": ((0x80, 35, b"\0\0\0\1"), 4),
    "RFC 4271 6.3, well-known attribute that does not exist": ((0x40, 99, b"\1"), 2),
    "RFC 4271 6.3, the same with a length of two octets": ((0x50, 99, b"\1" * 300), 2),
}

DISCARDED = {
    "RFC 7606 7.6, ATOMIC_AGGREGATE of 1": (0x40, 6, b"\0"),
    "RFC 7606 7.7, AGGREGATOR of 7": (0xC0, 7, bytes(7)),
    "RFC 7606 7.7, AGGREGATOR of none": (0xC0, 7, b""),
    "RFC 6793 4.1, AGGREGATOR with a two-octet AS": (0xC0, 7, b"\0\1" + bytes(4)),
    "RFC 7607 2, AS 0 in AGGREGATOR": (0xC0, 7, bytes(8)),
    "RFC 6793 6, AS4_PATH from a new speaker": (0xC0, 17, segment(PEER_AS)),
    "RFC 6793 6, AS4_AGGREGATOR from a new speaker": (0xC0, 18, b"\0\0\0\1" + bytes(4)),
    "RFC 7606 7.5, LOCAL_PREF from another AS": LOCAL_PREF,
    "RFC 7606 7.5, LOCAL_PREF of 3 from another AS": (0x40, 5, bytes(3)),
    "RFC 7606 7.9, ORIGINATOR_ID from another AS": (0x80, 9, b"\1\1\1\1"),
    "RFC 7606 7.10, CLUSTER_LIST from another AS": (0x80, 10, bytes(5)),
}

INTERNAL_WITHDRAWN = {
    "RFC 7606 7.5, LOCAL_PREF of 3": ((0x40, 5, bytes(3)), 5),
    "RFC 7606 3c, LOCAL_PREF optional": ((0xC0, 5, bytes(4)), 4),
    "RFC 7606 7.9, ORIGINATOR_ID of 5": ((0x80, 9, bytes(5)), 5),
    "RFC 7606 7.10, CLUSTER_LIST of 6": ((0x80, 10, bytes(6)), 5),
    "RFC 7606 4, CLUSTER_LIST of none": ((0x80, 10, b""), 5),
}

WELL_FORMED = {
    "RFC 4271 4.3, the usual ones": (),
    "RFC 4271 4.3, lengths of two octets": ((0x50, 1, b"\0"), (0x50, 2, segment(PEER_AS))),
    "RFC 4271 4.3, reserved bits of the flags": ((0x4F, 1, b"\2"),),
    "RFC 4271 5, the Partial bit": ((0xE0, 8, b"\xfb\xf4\0\1"),),
    "RFC 4271 4.3, a long path": ((0x50, 2, segment(*range(1, 256)) * 2),),
    "RFC 4271 4.3, a set": ((0x40, 2, segment(PEER_AS) + segment(1, 2, kind=SET)),),
    "RFC 4271 5.1.2, an empty path": ((0x40, 2, b""),),
    "RFC 4271 9, unknown optional attributes": ((0xC0, 99, b"\1"), (0x80, 255, b"")),
    "RFC 9234 5, OTC": ((0xC0, 35, b"\0\0\xfb\xf4"),),
    "RFC 1997, RFC 4360, RFC 8092, communities":
        ((0xC0, 8, bytes(8)), (0xC0, 16, bytes(16)), (0xC0, 32, bytes(24))),
    "RFC 4271 5.1.6, ATOMIC_AGGREGATE, AGGREGATOR":
        ((0x40, 6, b""), (0xC0, 7, b"\0\0\0\1" + bytes(4))),
}


def data_of(row: tuple, subcode: int) -> bytes:
    """What the NOTIFICATION for an attribute holds, RFC 4271 §6.3."""
    return b"" if subcode == 11 else attribute(*row)


def check_survives(lab, name: str, content: bytes, malformed: int, *capabilities: bytes) -> None:
    """The session goes on after this, and herald counts as many malformed UPDATEs."""
    with lab.established(name, *capabilities) as peer:
        before = lab.view(name)
        # A request after it is answered only when all before it was taken.
        peer.send(content, KEEPALIVE_MESSAGE)
        wait_until("herald has read all", lambda: received(lab.view(name)) == received(before) + 1)
        assert lab.view(name)["state"] == "Established"
        assert lab.view(name)["malformed_updates"] == before["malformed_updates"] + malformed


def received(view: dict) -> int:
    """How many KEEPALIVEs herald has read from that neighbor."""
    return next(one["received"] for one in view["messages"] if one["type"] == "keepalive")


def check_reset(lab, name: str, content: bytes, expected: bytes, *capabilities: bytes) -> None:
    """This ends the session with just that NOTIFICATION."""
    with lab.established(name, *capabilities) as peer:
        peer.send(content)
        assert peer.rest() == expected


@cases("row, subcode", WITHDRAWN)
def test_treat_as_withdraw(lab, row, subcode):
    """With routes they are dropped; with none that is known, §5.2, the session ends."""
    content = joined(attributes(row))
    check_survives(lab, "external", update(content, ROUTE), 1)
    check_reset(lab, "external", update(content, withdrawn=ROUTE),
                notification(3, subcode, data_of(row, subcode)))


@cases("row, subcode", INTERNAL_WITHDRAWN)
def test_treat_as_withdraw_inside_the_as(lab, row, subcode):
    """Attributes that mean something only there."""
    content = joined(attributes((0x40, 2, b""), LOCAL_PREF, row))
    check_survives(lab, "internal", update(content, ROUTE), 1)
    check_reset(lab, "internal", update(content, withdrawn=ROUTE),
                notification(3, subcode, data_of(row, subcode)))


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in DISCARDED.items()])
def test_attribute_discard(lab, row):
    """The session goes on, with routes and without."""
    content = joined(attributes(row))
    check_survives(lab, "external", update(content, ROUTE), 1)
    check_survives(lab, "external", update(content, withdrawn=ROUTE), 1)


@pytest.mark.parametrize("rows", [pytest.param(row, id=name) for name, row in WELL_FORMED.items()])
def test_well_formed(lab, rows):
    """Nothing is counted."""
    check_survives(lab, "external", update(joined(attributes(*rows)), ROUTE), 0)


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_missing_well_known(lab, kind):
    """RFC 7606 §3 d: ORIGIN, AS_PATH or NEXT_HOP is not there."""
    content = attributes()
    del content[kind]
    check_survives(lab, "external", update(joined(content), ROUTE), 1)


def test_missing_local_pref(lab):
    """RFC 4271 §5.1.5, RFC 7606 §3 d: an internal neighbor sends it."""
    content = joined(attributes((0x40, 2, b"")))
    check_survives(lab, "internal", update(content, ROUTE), 1)


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_attribute_twice(lab, kind):
    """RFC 7606 §3 g: all but the first are discarded, with routes and without."""
    content = joined(attributes()) + attributes()[kind]
    check_survives(lab, "external", update(content, ROUTE), 1)
    check_survives(lab, "external", update(content, withdrawn=ROUTE), 1)


@pytest.mark.parametrize("cut", [1, 2, 3, 6])
def test_attribute_past_the_end(lab, cut):
    """RFC 7606 §4: the list ends within its last attribute."""
    content = joined(attributes())[:-cut]
    check_survives(lab, "external", update(content, ROUTE), 1)
    check_reset(lab, "external", update(content, withdrawn=ROUTE), notification(3, 1))


USUAL = joined(attributes())
ONLY_ORIGIN_AND_PATH = USUAL[:-7]
REACH = mp_reach(2, NEXT_HOP6, ROUTE6)
UNREACH = mp_unreach(2, ROUTE6)


def optional_error(malformed: bytes) -> bytes:
    """3/9 with the attribute, RFC 7606 §5.3."""
    return notification(3, 9, malformed)


RESETS = {
    "RFC 4271 6.3, withdrawn routes past the end":
        (message(UPDATE, b"\0\xff\0\0"), notification(3, 1)),
    "RFC 4271 6.3, withdrawn routes one too long":
        (message(UPDATE, b"\0\1\0\0"), notification(3, 1)),
    "RFC 4271 6.3, attributes past the end": (message(UPDATE, b"\0\0\xff\xff"), notification(3, 1)),
    "RFC 4271 6.3, attributes one too long":
        (message(UPDATE, b"\0\0\0\1"), notification(3, 1)),
    "RFC 7606 5.3, prefix of 33 bits": (update(USUAL, b"\x21\1\2\3\4\5"), notification(3, 10)),
    "RFC 7606 5.3, prefix of 255 bits": (update(USUAL, b"\xff" * 40), notification(3, 10)),
    "RFC 7606 5.3, prefix cut short": (update(USUAL, b"\x20\1\2"), notification(3, 10)),
    "RFC 7606 5.3, withdrawn prefix of 33 bits":
        (update(withdrawn=b"\x21\1\2\3\4\5"), notification(3, 10)),
    "RFC 7606 5.3, withdrawn prefix cut short":
        (update(withdrawn=b"\x18\1\2"), notification(3, 10)),
    "RFC 7606 3g, two MP_REACH_NLRI":
        (update(REACH * 2 + ONLY_ORIGIN_AND_PATH), notification(3, 1)),
    "RFC 7606 3g, two MP_UNREACH_NLRI": (update(UNREACH * 2), notification(3, 1)),
    "RFC 7606 3j, MP_REACH_NLRI past the end":
        (update(ONLY_ORIGIN_AND_PATH + REACH[:-2]), notification(3, 1)),
    **{f"RFC 7606 5.3, MP_REACH_NLRI of {length}":
       (update(ONLY_ORIGIN_AND_PATH + bad), optional_error(bad))
       for length in range(5) for bad in [attribute(0x80, 14, b"\0\2\1\0\0"[:length])]},
    **{f"RFC 7606 5.3, MP_UNREACH_NLRI of {length}": (update(bad), optional_error(bad))
       for length in range(3) for bad in [attribute(0x80, 15, b"\0\2\1"[:length])]},
    **{f"RFC 7606 7.11, IPv6 next hop of {length}":
       (update(ONLY_ORIGIN_AND_PATH + bad), optional_error(bad))
       for length in (0, 4, 15, 17, 24, 31, 33, 48)
       for bad in [mp_reach(2, bytes(length), ROUTE6)]},
    **{f"RFC 7606 7.11, IPv4 with a next hop of {length}":
       (update(ONLY_ORIGIN_AND_PATH + bad), optional_error(bad))
       for length in (0, 3, 5, 15, 17, 24, 33) for bad in [mp_reach(1, bytes(length), ROUTE)]},
    **{f"RFC 7606 5.3, {what}": (update(bad + ONLY_ORIGIN_AND_PATH), optional_error(bad))
       for what, bad in {
           "next hop past the end": attribute(0x80, 14, b"\0\2\1\x10" + bytes(15)),
           "no reserved octet": attribute(0x80, 14, b"\0\2\1\x10" + bytes(16)),
           "IPv6 prefix of 129 bits": mp_reach(2, NEXT_HOP6, b"\x81" + bytes(17)),
           "IPv6 prefix cut short": mp_reach(2, NEXT_HOP6, b"\x40" + bytes(7)),
           "withdrawn IPv6 prefix of 129 bits": mp_unreach(2, b"\x81" + bytes(17)),
           "withdrawn IPv6 prefix cut short": mp_unreach(2, b"\x40" + bytes(7)),
           "IPv4 prefix of 33 bits in MP_REACH_NLRI": mp_reach(1, bytes(4), b"\x21" + bytes(5)),
       }.items()},
    **{f"RFC 7606 3c, {what}": (update(bad + ONLY_ORIGIN_AND_PATH), notification(3, 4, bad))
       for what, bad in {
           "MP_REACH_NLRI transitive": mp_reach(2, NEXT_HOP6, ROUTE6, flags=0xC0),
           "MP_REACH_NLRI well-known": mp_reach(2, NEXT_HOP6, ROUTE6, flags=0x40),
           "MP_UNREACH_NLRI transitive": mp_unreach(2, ROUTE6, flags=0xC0),
       }.items()},
}


@cases("content, expected", RESETS)
def test_session_reset(lab, content, expected):
    """The few faults after which nothing of an UPDATE can be trusted."""
    check_reset(lab, "external", content, expected, IPV4, IPV6)


SURVIVED = {
    "RFC 4271 4.3, UPDATE of nothing": (update(), 0),
    "RFC 4271 4.3, default route": (update(USUAL, b"\0"), 0),
    "RFC 4271 4.3, host bits are not looked at": (update(USUAL, b"\x09\xff\xff"), 0),
    "RFC 4271 4.3, withdrawn and announced at once": (update(USUAL, ROUTE, ROUTE), 0),
    "RFC 4271 4.3, withdrawn though never announced": (update(withdrawn=ROUTE * 9), 0),
    "RFC 4271 4.3, attributes without a route": (update(USUAL), 0),
    "RFC 7606 5.1, MP_REACH_NLRI last": (update(ONLY_ORIGIN_AND_PATH + REACH), 0),
    "RFC 4760 3, both families at once": (update(REACH + USUAL, ROUTE), 0),
    "RFC 4760 4, MP_UNREACH_NLRI": (update(UNREACH), 0),
    "RFC 2545 3, next hop of 32": (update(mp_reach(2, NEXT_HOP6 * 2, ROUTE6)
                                          + ONLY_ORIGIN_AND_PATH), 0),
    "RFC 4760 3, IPv4 in MP_REACH_NLRI": (update(mp_reach(1, b"\x7f\1\0\1", ROUTE)
                                                 + ONLY_ORIGIN_AND_PATH), 0),
    "RFC 4760 3, MP_REACH_NLRI with a length of two octets":
        (update(mp_reach(2, NEXT_HOP6, ROUTE6, flags=0x80 | EXTENDED_LENGTH)
                + ONLY_ORIGIN_AND_PATH), 0),
    "RFC 4760 7, a family that was not negotiated":
        (update(mp_reach(25, b"", b"\xff" * 9, safi=70) + ONLY_ORIGIN_AND_PATH), 0),
    "RFC 4724 2, End-of-RIB of a family that was not negotiated": (update(mp_unreach(25)), 0),
    "RFC 7606 3d, IPv6 without ORIGIN": (update(REACH + ONLY_ORIGIN_AND_PATH[4:]), 1),
    "RFC 7606 7.1, IPv6 with a bad ORIGIN": (update(REACH + joined(attributes((0x40, 1, b"\7")))),
                                             1),
    **{f"RFC 8950 4, IPv4 with a next hop of {length}, not negotiated":
       (update(ONLY_ORIGIN_AND_PATH + mp_reach(1, bytes(length), ROUTE)), 1)
       for length in (16, 32)},
    "RFC 7606 3h, of several faults": (update(joined(attributes(
        (0x40, 1, b"\7"), (0x80, 4, b""), (0xC0, 8, b"\1"))), ROUTE), 1),
    "a thousand malformed ones": (update(joined(attributes((0x40, 1, b"\7"))), ROUTE) * 1000, 1000),
}


@cases("content, malformed", SURVIVED)
def test_session_survives(lab, content, malformed):
    """Odd, or malformed but with an end to it."""
    check_survives(lab, "external", content, malformed, IPV4, IPV6)


OLD_SPEAKER = message(OPEN, open_body(PEER_AS, b"\0"))
OLD_PATH = (0x40, 2, segment(PEER_AS, 23456, width=2))
FROM_OLD_SPEAKERS = {
    "RFC 6793 4.2.3, AS4_PATH": ([(0xC0, 17, segment(PEER_AS, 4200000000))], 0),
    "RFC 6793 4.2.3, AS4_PATH longer than AS_PATH": ([(0xC0, 17, segment(1, 2, 3, 4))], 0),
    "RFC 6793 6, AS4_PATH of 5": ([(0xC0, 17, b"\2\1\0\0\1")], 1),
    "RFC 6793 6, AS4_PATH of none": ([(0xC0, 17, b"")], 1),
    "RFC 6793 6, AS4_PATH with a segment of type 9": ([(0xC0, 17, segment(1, kind=9))], 1),
    "RFC 7607 2, AS 0 in AS4_PATH": ([(0xC0, 17, segment(0, 1))], 1),
    "RFC 6793 6, AS4_AGGREGATOR of 7": ([(0xC0, 18, bytes(7))], 1),
    "RFC 7607 2, AS 0 in AS4_AGGREGATOR": ([(0xC0, 18, bytes(8))], 1),
    "RFC 6793 4.2.3, AGGREGATOR of 6": ([(0xC0, 7, b"\0\1" + bytes(4))], 0),
    "RFC 7606 7.7, AGGREGATOR of 8": ([(0xC0, 7, b"\0\0\0\1" + bytes(4))], 1),
    "RFC 7607 2, AS 0 in a two-octet AS_PATH": ([(0x40, 2, segment(0, width=2))], 1),
    "RFC 7606 7.2, four-octet numbers": ([(0x40, 2, segment(PEER_AS))], 1),
}


@cases("rows, malformed", FROM_OLD_SPEAKERS)
def test_from_old_speaker(lab, rows, malformed):
    """AS numbers of two octets; herald's own route comes with them too."""
    with lab.in_state("OpenSent", "external") as peer:
        peer.send(OLD_SPEAKER, KEEPALIVE_MESSAGE)
        assert peer.receive_until(update())[1] == update(
            attribute(0x40, 1, b"\0") + attribute(0x40, 2, segment(HERALD_AS, width=2))
            + attribute(0x40, 3, b"\x7f\0\0\1"), prefix("192.0.2.0/24"))
        before = lab.view("external")
        peer.send(update(joined(attributes(OLD_PATH, *rows)), ROUTE), KEEPALIVE_MESSAGE)
        wait_until("herald has read all",
                   lambda: received(lab.view("external")) == received(before) + 1)
        after = lab.view("external")
        assert after["malformed_updates"] == before["malformed_updates"] + malformed


def filler(length: int) -> bytes:
    """An UPDATE of that length: an unknown optional attribute fills it."""
    room = length - len(update(USUAL + attribute(0xD0, 99), ROUTE))
    return update(USUAL + attribute(0xD0, 99, bytes(room)), ROUTE)


@pytest.mark.parametrize("length", [4096, 4097, 40000, 65535])
def test_extended_message(lab, length):
    """RFC 8654 §4: longer than 4096 octets only where both sides have said so."""
    content = filler(length)
    check_survives(lab, "external", content, 0, IPV4, EXTENDED_MESSAGE)
    if length > 4096:
        check_reset(lab, "external", content, notification(1, 2, struct.pack("!H", length)))
    else:
        check_survives(lab, "external", content, 0)


def test_data_of_a_notification_is_cut(lab):
    """RFC 8654 §4: what a 60000-octet attribute has wrong is told in as much as fits."""
    bad = attribute(0x40 | EXTENDED_LENGTH, 1, bytes(60000))
    with lab.established("external", IPV4, EXTENDED_MESSAGE) as peer:
        peer.send(update(bad))
        assert peer.rest() == notification(3, 5, bad[:4096 - 21])
