"""The control socket under abuse: bounded, answered or dropped, and the session stays."""

import resource
import socket

import pytest

from lab.herald import ControlConnection, control_socket
from lab.scenario import announcing

CONNECTIONS = 1000
BODY = 10_000_000

MALFORMED = {
    "noise": bytes(range(256)),
    "no version": b"GET /v1/status\r\n\r\n",
    "HTTP/9": b"GET /v1/status HTTP/9.9\r\n\r\n",
    "bad header": b"GET /v1/status HTTP/1.1\r\nno colon here\r\n\r\n",
    "two lengths": b"POST /v1/drain HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
    "negative length": b"POST /v1/drain HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "huge length": b"POST /v1/drain HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n{}",
    "long header": b"GET /v1/status HTTP/1.1\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    "long path": b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\n\r\n",
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
    return announcing(module_site, neighbor={"hold_time": "3s"})


@pytest.fixture(autouse=True)
def nobody_noticed(abused):
    """After each scenario: the session was never down, nothing is drained, memory is bounded."""
    yield
    assert abused.undisturbed
    assert abused.herald.get("/v1/services/dns")["administration"] == "active"
    assert abused.herald.process.resident_bytes() < 64_000_000


def answer_to(abused, content: bytes) -> bytes:
    """What comes back until the daemon closes; it must not take long."""
    with control_socket(abused.herald.socket) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except (BrokenPipeError, ConnectionResetError):
            return b""


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_request(name, abused):
    """400 or the like, or a closed connection; never a success."""
    answer = answer_to(abused, MALFORMED[name])
    assert not answer or answer.startswith(b"HTTP/1.1 4") or answer.startswith(b"HTTP/1.1 5")


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
    answer = answer_to(abused, head + b" " * BODY)
    assert not answer or answer.startswith(b"HTTP/1.1 4")


def test_clients_that_never_finish(abused):
    """Half a request each, and silence: others are served meanwhile."""
    pieces = [b"", b"G", b"GET /v1/status HTTP/1.1\r\n",
              b"POST /v1/drain HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"]
    held = []
    for number in range(100):
        connection = control_socket(abused.herald.socket)
        connection.sendall(pieces[number % len(pieces)])
        held.append(connection)
    assert abused.herald.get("/v1/status")
    for connection in held:
        connection.close()


def test_client_that_never_reads(abused):
    """Requests without end whose answers nobody takes."""
    with control_socket(abused.herald.socket, timeout=0.5) as connection:
        try:
            for _ in range(20_000):
                connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
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
