"""Messages in states that they do not belong to, and ends in each state."""

import signal

import pytest

from lab.bgp_bytes import (END_OF_RIB_IPV4, EXTENDED_MESSAGE, IPV4, KEEPALIVE_MESSAGE,
                           NOTIFICATION, UPDATE, message, notification, open_message, prefix,
                           route_refresh, update)
from lab.raw import IPV4_ROUTE, PEER_AS, STATES, RawLab, cases
from lab.site import IPV4_PREFIX
from lab.waiting import wait_until

pytestmark = pytest.mark.usefixtures("witness")


RIGHT_OPEN = open_message(PEER_AS)
A_ROUTE = message(UPDATE, b"\0\0\0\0\x18\xcb\0\x71")
A_REFRESH = route_refresh(1)

# RFC 6608 §4: the data is the type of the message.
UNEXPECTED = {
    "RFC 6608 4, KEEPALIVE in OpenSent": ("OpenSent", KEEPALIVE_MESSAGE, 1, b"\4"),
    "RFC 6608 4, End-of-RIB in OpenSent": ("OpenSent", END_OF_RIB_IPV4, 1, b"\2"),
    "RFC 6608 4, UPDATE in OpenSent": ("OpenSent", A_ROUTE, 1, b"\2"),
    "RFC 6608 4, malformed UPDATE in OpenSent":
        ("OpenSent", message(UPDATE, b"\xff" * 9), 1, b"\2"),
    "RFC 6608 4, ROUTE-REFRESH in OpenSent": ("OpenSent", A_REFRESH, 1, b"\5"),
    "RFC 6608 4, OPEN in OpenConfirm": ("OpenConfirm", RIGHT_OPEN, 2, b"\1"),
    "RFC 6608 4, UPDATE in OpenConfirm": ("OpenConfirm", A_ROUTE, 2, b"\2"),
    "RFC 6608 4, malformed UPDATE in OpenConfirm":
        ("OpenConfirm", message(UPDATE, b"\xff" * 9), 2, b"\2"),
    "RFC 6608 4, ROUTE-REFRESH in OpenConfirm": ("OpenConfirm", A_REFRESH, 2, b"\5"),
    "RFC 6608 4, OPEN in Established": ("Established", RIGHT_OPEN, 3, b"\1"),
    "RFC 6608 4, another's OPEN in Established":
        ("Established", open_message(64999, identifier="10.9.8.7"), 3, b"\1"),
}


@cases("state, content, subcode, data", UNEXPECTED)
def test_unexpected_message(lab, state, content, subcode, data):
    """5/x names the state, its data the message."""
    with lab.in_state(state, "peer") as peer:
        peer.send(content)
        assert peer.rest() == notification(5, subcode, data)


@pytest.mark.parametrize("after", [b"", KEEPALIVE_MESSAGE, A_ROUTE],
                         ids=["nothing", "KEEPALIVE", "UPDATE"])
@pytest.mark.parametrize("state", STATES)
def test_notification_is_not_answered(lab, state, after):
    """RFC 4271 §6.4: whatever stands behind it, herald closes without a word."""
    with lab.in_state(state, "peer") as peer:
        peer.send(notification(6, 4), after)
        assert peer.rest() == b""
        assert lab.view("peer")["last_error"]["text"] == "received Cease / Administrative Reset"


ODD_NOTIFICATIONS = {
    "RFC 4271 4.5, codes that do not exist": (b"\xff\xff", "255 / 255"),
    "RFC 4271 4.5, code 0": (b"\0\0", "0 / 0"),
    "RFC 4271 6.4, unknown subcode": (b"\2\x63", "OPEN Message Error / 99"),
    "RFC 4271 4.5, one octet of data": (b"\1\3\x09", "Message Header Error / Bad Message Type"),
    "RFC 4271 4.5, as long as can be": (b"\3\1" + bytes(4096 - 21),
                                        "UPDATE Message Error / Malformed Attribute List"),
    "RFC 4271 6.5, hold timer": (b"\4\0", "Hold Timer Expired"),
    "RFC 8538 3.1, hard reset with a NOTIFICATION in it":
        (b"\6\x09\6\2\4gone", "Cease / Hard Reset: Cease / Administrative Shutdown: gone"),
    "RFC 8538 3.1, hard reset in a hard reset":
        (b"\6\x09\6\x09\6\2\4gone", "Cease / Hard Reset: Cease / Hard Reset"),
    "RFC 8538 3.1, hard reset with nothing in it": (b"\6\x09", "Cease / Hard Reset"),
    "RFC 8538 3.1, hard reset with an octet in it": (b"\6\x09\6", "Cease / Hard Reset"),
    "RFC 9003 2, a text": (b"\6\2\4gone", "Cease / Administrative Shutdown: gone"),
    "RFC 9003 2, a text of 255 octets": (b"\6\4\xff" + b"a" * 255,
                                         "Cease / Administrative Reset: " + "a" * 255),
    "RFC 9003 2, length 0": (b"\6\2\0", "Cease / Administrative Shutdown"),
    "RFC 9003 2, length one too long": (b"\6\2\5gone", "Cease / Administrative Shutdown"),
    "RFC 9003 2, length one too short": (b"\6\2\3gone", "Cease / Administrative Shutdown"),
    "RFC 9003 2, length 255 with none": (b"\6\2\xff", "Cease / Administrative Shutdown"),
    "RFC 9003 2, a text where none belongs": (b"\6\7\4gone",
                                              "Cease / Connection Collision Resolution"),
}


@pytest.mark.parametrize("state", STATES)
@cases("body, text", ODD_NOTIFICATIONS)
def test_odd_notification(lab, state, body, text):
    """None is answered, and what herald shows of it is what it can stand for."""
    with lab.in_state(state, "peer") as peer:
        peer.send(message(NOTIFICATION, body))
        assert peer.rest() == b""
        assert lab.view("peer")["last_error"]["text"] == f"received {text}"


@pytest.mark.parametrize("length", [*range(1, 10), 126, 127, 128, 129, 254, 255, 256, 257, 4075])
def test_notification_of_every_length(lab, length):
    """RFC 4271 §4.5, RFC 9003 §2: data of this length, whose first octet promises as much, less,
    or more. Nothing of it is shown but a text that is as long as it says."""
    text = "Cease / Administrative Shutdown"
    for promised in {max(length - 2, 0), length - 1, length, 255} & set(range(256)):
        with lab.established("peer") as peer:
            peer.send(notification(6, 2, bytes([promised]) + b"x" * (length - 1)))
            assert peer.rest() == b""
            shown = ": " + "x" * promised if promised == length - 1 and promised else ""
            assert lab.view("peer")["last_error"]["text"] == f"received {text}{shown}"


@pytest.mark.parametrize("length", [4097, 65535])
def test_notification_as_an_extended_message(lab, length):
    """RFC 8654 §4: taken where that was negotiated, and else a length that cannot be."""
    content = message(NOTIFICATION, b"\6\2" + bytes(length - 21))
    with lab.established("peer", IPV4, EXTENDED_MESSAGE) as peer:
        peer.send(content)
        assert peer.rest() == b""
    with lab.established("peer") as peer:
        peer.send(content)
        assert peer.rest() == notification(1, 2, length.to_bytes(2, "big"))


HARMFUL_TEXTS = {
    "RFC 9003 5, control characters": (b"a\nb\rc\x1b[31md\0e\x7f",),
    "RFC 9003 5, control characters beyond ASCII": ("a\x85b\u2028c\u202ed".encode(),),
    "RFC 3629 3, an octet that cannot be": (b"a\xffb",),
    "RFC 3629 3, a sequence cut short": (b"a\xe2\x82",),
    "RFC 3629 10, more octets than needed": (b"a\xc0\x8ab",),
    "RFC 3629 3, a surrogate": (b"a\xed\xa0\x80b",),
}


@cases("text", HARMFUL_TEXTS)
def test_harmful_text(lab, text):
    """Neither log nor view hold a control character or what is no UTF-8."""
    with lab.established("peer") as peer:
        peer.send(message(NOTIFICATION, bytes([6, 2, len(text)]) + text))
        assert peer.rest() == b""
    shown = lab.view("peer")["last_error"]["text"]
    assert shown.startswith("received Cease / Administrative Shutdown: a")
    log = lab.herald.process.log.read_bytes().decode(encoding="utf-8", errors="strict")
    line = next(line for line in reversed(log.split("\n")) if "the session ended" in line)
    assert all(one.isprintable() or one == "\ufffd" for one in line + shown), line


def test_nothing_is_taken_from_what_follows_a_fault(lab):
    """RFC 4271 §6: after herald's NOTIFICATION a right OPEN and KEEPALIVE begin nothing."""
    with lab.in_state("OpenSent", "peer") as peer:
        peer.send(KEEPALIVE_MESSAGE, RIGHT_OPEN, KEEPALIVE_MESSAGE)
        assert peer.rest() == notification(5, 1, b"\4")
        assert lab.view("peer")["state"] == "Active"


@pytest.mark.parametrize("how", ["close", "reset", "half"])
@pytest.mark.parametrize("state", STATES)
def test_end_in_each_state(lab, state, how):
    """RFC 4271 §8.2.2, event 18: herald is ready for the next connection."""
    peer = lab.in_state(state, "peer")
    if how == "half":
        with peer:
            peer.socket.shutdown(1)
            assert peer.rest() == b""
    elif how == "reset":
        peer.reset()
    else:
        peer.socket.close()
    wait_until("herald waits", lambda: lab.view("peer")["state"] == "Active")
    with lab.established("peer"):
        assert lab.view("peer")["state"] == "Established"


def test_stop_in_each_state():
    """RFC 9003 §2: whatever state its session is in, a neighbor hears of the stop."""
    with RawLab({state: {} for state in STATES}) as lab:
        peers = [lab.in_state(state, state) for state in STATES]
        lab.herald.process.signal(signal.SIGTERM)
        text = b"heraldd was stopped by SIGTERM"
        for peer, withdrawn in zip(peers, (b"", b"", update(withdrawn=prefix(IPV4_PREFIX)))):
            with peer:
                assert peer.rest() == withdrawn + notification(6, 2, bytes([len(text)]) + text)
        assert lab.herald.process.wait() == 0


@pytest.mark.parametrize("state", STATES)
def test_shut_down_by_the_operator(lab, state):
    """RFC 9003 §2: the neighbor gets the text, and later no answer."""
    with lab.in_state(state, "peer") as peer:
        lab.herald.ctl("neighbor", "peer", "shutdown", "--reason", "gone fishing")
        assert peer.rest() == notification(6, 2, b"\x0cgone fishing")
    with lab.connect("peer") as peer:
        assert peer.rest() == b""
    lab.herald.ctl("neighbor", "peer", "enable")
    with lab.established("peer"):
        assert lab.view("peer")["state"] == "Established"


def test_reset_by_the_operator(lab):
    """RFC 4486 §4: 6/4, and the neighbor may come back at once."""
    with lab.established("peer") as peer:
        lab.herald.ctl("neighbor", "peer", "reset")
        assert peer.rest() == notification(6, 4)
    with lab.established("peer"):
        assert lab.view("peer")["state"] == "Established"


def test_refresh_by_the_operator(lab):
    """RFC 2918 §1 the other way round: herald sends again what it has announced."""
    with lab.established("peer") as peer:
        lab.herald.ctl("neighbor", "peer", "refresh")
        assert peer.receive() == IPV4_ROUTE
