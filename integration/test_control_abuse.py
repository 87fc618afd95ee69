"""The control socket under abuse: bounded, answered or dropped, and the session stays."""

import json
import resource
import socket
from contextlib import ExitStack

import pytest

from lab import web
from lab.herald import ControlConnection, control_socket
from lab.scenario import announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX
from lab.waiting import wait_until

CONNECTIONS = 1000
BODY = 10_000_000
# So many that all views of them together, for a crowd, would be far beyond what is allowed.
PREFIXES = [f"10.{number // 256}.{number % 256}.0/24" for number in range(4000)]
ROUTES = b"GET /v1/routes HTTP/1.1\r\nHost: x\r\n\r\n"
EVENTS = b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"
GROWTH = 80_000_000  # what a crowd may cost: the bound of both listening sockets, and the rest

# Each with the status of its refusal.
MALFORMED = {
    "noise": (bytes(range(256)), 400),
    "no version": (b"GET /v1/status\r\n\r\n", 400),
    "HTTP/9": (b"GET /v1/status HTTP/9.9\r\n\r\n", 400),
    "bad header": (b"GET /v1/status HTTP/1.1\r\nno colon here\r\n\r\n", 400),
    "two lengths": (
        b"POST /v1/drain HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}", 400),
    "negative length": (b"POST /v1/drain HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    "huge length": (b"POST /v1/drain HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n{}", 413),
    "long header": (b"GET /v1/status HTTP/1.1\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", 431),
    "long path": (b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n", 431),
}

BAD_BODIES = {
    "no JSON": b"{",
    "array": b"[]",
    "wrong type": b'{"now": "yes"}',
    "unknown member": b'{"nwo": true}',
    "deep nesting": b"[" * 30_000,
    "invalid UTF-8": b'{"reason": "\xff"}',
    "duration of nothing": b'{"for": -1}',
}


@pytest.fixture(scope="module")
def abused(module_site):
    """One world for all. Its hold time is short: a daemon that stalls loses its session."""
    world = announcing(module_site, neighbor={"hold_time": "3s"}, metrics={"listen": web.LISTEN},
                       service={"prefixes": [IPV4_PREFIX, IPV6_PREFIX, *PREFIXES]})
    world.herald.ctl("wait", "--service", "dns", "--announced")
    assert len(world.herald.get("/v1/routes")["routes"]) == len(PREFIXES) + 2
    world.resident = world.herald.process.resident_bytes()
    return world


@pytest.fixture(autouse=True)
def nobody_noticed(abused):
    """After each scenario: the session was never down, nothing is drained, memory is bounded."""
    yield
    assert abused.undisturbed
    assert abused.herald.get("/v1/services/dns")["administration"] == "active"
    assert abused.herald.process.resident_bytes() - abused.resident < GROWTH


def answer_to(abused, content: bytes) -> bytes:
    """What comes back until the daemon closes; it must not take long."""
    with control_socket(abused.herald.socket) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
        except BrokenPipeError:
            pass  # it was refused before it was sent; the answer is there nonetheless
        return received(connection)


def received(connection) -> bytes:
    """All that comes until the end, or a reset."""
    parts: list = []
    try:
        while not parts or parts[-1]:
            parts.append(connection.recv(65536))
    except ConnectionResetError:
        pass
    return b"".join(parts)


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_request(name, abused):
    """A refusal that says what was wrong, never silence."""
    content, status = MALFORMED[name]
    assert answer_to(abused, content).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/v1", 404),
    ("GET", "/v2/status", 404),
    ("GET", "/v1/neighbors/spine", 404),
    ("GET", "/v1/services/%00", 404),
    ("GET", "/v1/services/../status", 404),
    ("POST", "/v1/services/web/drain", 404),
    ("GET", "/v1/routes?neighbor=spine", 404),
    ("POST", "/v1/status", 405),
    ("DELETE", "/v1/services/dns", 405),
    ("GET", "/v1/services/dns/drain", 405),
    ("PUT", "/v1/drain", 405),
])
def test_wrong_request(method, path, status, abused):
    """RFC 9457 problem documents with the right status."""
    assert problem(abused, method, path)["status"] == status


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_body(name, abused):
    """400, and nothing is drained."""
    assert problem(abused, "POST", "/v1/services/dns/drain", BAD_BODIES[name])["status"] == 400


@pytest.mark.parametrize("path", ["/v1/drain", "/v1/services/dns/drain", "/v1/nothing"])
def test_body_of_ten_megabytes(path, abused):
    """Refused without being kept."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY}\r\n\r\n".encode()
    assert answer_to(abused, head + b" " * BODY).startswith(b"HTTP/1.1 413 ")


CROWDS = {
    "idle": b"",
    "half a request": b"POST /v1/drain HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    "never reads what is large": ROUTES * 20,
    "never reads events": EVENTS,
}


@pytest.mark.parametrize("name", CROWDS)
def test_crowd_at_the_control_socket(name, abused):
    """A hundred at once: others are served meanwhile, and nothing grows beyond its bound."""
    held = [control_socket(abused.herald.socket) for _ in range(100)]
    try:
        for connection in held:
            connection.sendall(CROWDS[name])
        for _ in range(20):
            assert abused.herald.get("/v1/neighbors/leaf1")["state"] == "Established"
            assert abused.herald.ctl("log", "debug").returncode == 0
            assert abused.herald.process.resident_bytes() - abused.resident < GROWTH
    finally:
        for connection in held:
            connection.close()
    wait_until("all is served again", lambda:
               abused.herald.exchange("GET", "/v1/routes")[0] == 200)


@pytest.mark.parametrize("name", ["idle", "half a request", "never reads what is large"])
def test_probes_get_through_a_crowd(name, abused):
    """More clients than there are places, of one kind: a probe is answered at once each time."""
    node = abused.site.node
    held = []
    try:
        for number in range(300):
            held.append(node.connect(web.ADDRESS, web.PORT))
            held[-1].settimeout(5.0)
            try:
                held[-1].sendall(CROWDS[name])
            except OSError:
                pass  # turned away already
            if number % 20 == 19:
                for path in ("/livez", "/readyz", "/metrics"):
                    assert web.fetch(node, path)[0] == 200, (number, path)
                assert abused.herald.process.resident_bytes() - abused.resident < GROWTH
        answer = web.fetch(node, "/v1/status")
        assert answer[0] == 503
        assert json.loads(answer[2])["reason"] == "too_many_connections"
    finally:
        for connection in held:
            connection.close()
    wait_until("views are served again", lambda: web.fetch(node, "/v1/status")[0] == 200)


def test_replies_that_nobody_takes_have_a_bound(abused):
    """What is beyond it is refused with the reason, and a page of it is still to be had."""
    with ExitStack() as held:
        reasons = []
        for _ in range(60):
            connection = held.enter_context(control_socket(abused.herald.socket))
            connection.sendall(ROUTES)
            begun = connection.recv(65536, socket.MSG_PEEK)
            if begun.startswith(b"HTTP/1.1 503 "):
                reasons.append(json.loads(begun.partition(b"\r\n\r\n")[2])["reason"])
        assert reasons and set(reasons) == {"busy"}
        part = abused.herald.get("/v1/routes?limit=10")
        assert len(part["routes"]) == 10 and part["next"]
    wait_until("it is served again",
               lambda: abused.herald.exchange("GET", "/v1/routes")[0] == 200)


def test_events_are_for_operators(abused):
    """On the open listener their stream is refused; the last ones are shown."""
    status, _, body = web.fetch(abused.site.node, "/v1/events")
    assert (status, json.loads(body)["reason"]) == (403, "operators_only")
    assert web.fetch(abused.site.node, "/v1/events/recent")[0] == 200


@pytest.mark.parametrize("host, status", [("192.0.2.1:9179", 200), ("localhost", 200),
                                          ("herald", 200), ("evil.example:9179", 421)])
def test_pages_of_other_sites_do_not_get_at_the_listener(host, status, abused):
    """DNS rebinding: what a browser asks for under a strange name; Prometheus may."""
    for browser, expected in ((True, status), (False, 200)):
        connection = web.Connection(abused.site.node)
        connection.putrequest("GET", "/v1/status", skip_host=True)
        connection.putheader("Host", host)
        if browser:
            connection.putheader("Accept-Language", "en")
        connection.endheaders()
        assert connection.getresponse().status == expected
        connection.close()


def test_client_that_never_reads(abused):
    """Requests without end whose answers nobody takes."""
    with control_socket(abused.herald.socket, timeout=0.5) as connection:
        try:
            for _ in range(20_000):
                connection.sendall(ROUTES)
        except OSError:
            pass  # the daemon stopped reading, or closed
        assert abused.herald.get("/v1/status")


def test_thousand_connections(abused):
    """Open at once; whoever is let in is served, and afterwards everyone is again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * CONNECTIONS), hard))
    held = []
    try:
        for _ in range(CONNECTIONS):
            held.append(control_socket(abused.herald.socket))
        assert abused.undisturbed
    finally:
        for connection in held:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert abused.herald.get("/v1/status")


def test_several_requests_on_a_connection(abused):
    """The control of all this: keep-alive works."""
    connection = ControlConnection(abused.herald.socket)
    for path in ("/v1/status", "/v1/neighbors", "/v1/services/dns"):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read()
    connection.close()


def problem(abused, method: str, path: str, body: bytes = b"") -> dict:
    """The decoded problem document that must come back."""
    status, content_type, document = abused.herald.exchange(method, path, body)
    assert content_type == "application/problem+json"
    assert document["status"] == status
    return document
