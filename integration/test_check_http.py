"""http checks against nginx, plain and over TLS, and against services that behave badly."""

import shutil
from pathlib import Path

import pytest

from lab.checking import Checking
from lab.servers import EXPIRED_PORT, HOST, HTTP_PORT, HTTPS_PORT, SELF_SIGNED_PORT, Servers
from lab.waiting import wait_until

PLAIN = f"http://127.0.0.1:{HTTP_PORT}"
MANNERS = ["silent", "reset", "drip", "garbage", "closing", "cut", "endless_header", "huge"]
FIRST_PORT = 9000
NOBODY_PORT = 9999

# url and further keys, the result, and what is said.
PLAIN_CASES = {
    "fine": ({"url": f"{PLAIN}/health"}, "pass", "200 OK"),
    "ipv6": ({"url": f"http://[::1]:{HTTP_PORT}/host",
              "expect_body": f"for [::1]:{HTTP_PORT} as GET"}, "pass", "200 OK"),
    "by-name": ({"url": f"http://localhost:{HTTP_PORT}/health"}, "pass", "200 OK"),
    "body": ({"url": f"{PLAIN}/health", "expect_body": "healthy"}, "pass", "200 OK"),
    "wrong-body": ({"url": f"{PLAIN}/health", "expect_body": "well"}, "fail",
                   'the content lacks "well"'),
    "broken": ({"url": f"{PLAIN}/broken"}, "fail", "answered 503 Service Temporarily Unavailable"),
    "missing": ({"url": f"{PLAIN}/nothing"}, "fail", "answered 404 Not Found"),
    "missing-is-fine": ({"url": f"{PLAIN}/nothing", "expect_status": ["200-299", "404"]}, "pass",
                        "404 Not Found"),
    "moved": ({"url": f"{PLAIN}/moved"}, "fail",
              f"answered 301 Moved Permanently to {PLAIN}/health"),
    "secret": ({"url": f"{PLAIN}/secret", "headers": {"Authorization": "Bearer x"}}, "pass",
               "204 No Content"),
    "no-secret": ({"url": f"{PLAIN}/secret"}, "fail", "answered 401 Unauthorized"),
    "head": ({"url": f"{PLAIN}/health", "method": "HEAD"}, "pass", "200 OK"),
    "put": ({"url": f"{PLAIN}/host", "method": "PUT", "expect_body": "as PUT"}, "pass", "200 OK"),
    "elsewhere": ({"url": "http://service.invalid/host", "address": f"127.0.0.1:{HTTP_PORT}",
                   "expect_body": "for service.invalid as"}, "pass", "200 OK"),
    "refused": ({"url": f"http://127.0.0.1:{NOBODY_PORT}/"}, "fail", "connection refused"),
    "no-such-host": ({"url": "http://service.invalid/"}, "fail",
                     "cannot resolve service.invalid: "),
    "tls-to-plain": ({"url": f"https://127.0.0.1:{HTTP_PORT}/"}, "fail",
                     "TLS: wrong version number"),
}

BAD_CASES = {
    "silent": "timed out after 1 s: waiting for the response",
    "reset": "connection reset by peer",
    "drip": "timed out after 1 s: waiting for the response",
    "garbage": "not a response of HTTP: ",
    "closing": "closed before the response",
    "cut": "closed in the middle of the response",
    "endless_header": "the response's header is longer than 65536 octets",
}


@pytest.fixture(scope="module")
def servers(module_site):
    """Those that behave badly."""
    all_of_them = Servers(module_site.node, module_site.folder)
    all_of_them.bad([f"{FIRST_PORT + i}:{manner}" for i, manner in enumerate(MANNERS)])
    return all_of_them


@pytest.fixture(scope="module")
def web(servers):
    """nginx."""
    return servers.nginx()


@pytest.fixture(scope="module")
def watched(module_site, servers, web):
    """One daemon with every case."""
    assert web.running
    checks = {name: {"type": "http", **keys} for name, (keys, _, _) in PLAIN_CASES.items()}
    checks["unix"] = {"type": "http", "url": "http://localhost/health",
                      "address": str(servers.socket), "expect_body": "healthy"}
    for i, manner in enumerate(MANNERS):
        checks[manner] = {"type": "http", "url": f"http://127.0.0.1:{FIRST_PORT + i}/"}
    checks["huge-body"] = {**checks["huge"], "expect_body": "y"}
    checks["silent-tls"] = {"type": "http", "url": f"https://127.0.0.1:{FIRST_PORT}/"}
    checks |= _tls_checks(str(servers.authority))
    return Checking(module_site, checks)


def _tls_checks(authority: str) -> dict:
    def check(port: int, url: str = f"https://{HOST}/health", **keys: object) -> dict:
        return {"type": "http", "url": url, "address": f"127.0.0.1:{port}", **keys}
    by_address = f"https://127.0.0.1:{HTTPS_PORT}/health"
    return {
        "tls": check(HTTPS_PORT, ca_file=authority, expect_body=f"server name {HOST}"),
        "tls-address": check(HTTPS_PORT, by_address, ca_file=authority,
                             expect_body="server name \n"),
        "tls-unverified": check(SELF_SIGNED_PORT, verify=False, expect_status=["404"]),
        "tls-system": check(HTTPS_PORT),
        "tls-self-signed": check(SELF_SIGNED_PORT, ca_file=authority),
        "tls-expired": check(EXPIRED_PORT, ca_file=authority),
        "tls-other-host": check(HTTPS_PORT, "https://www.example.net/", ca_file=authority),
        "tls-no-authority": check(HTTPS_PORT, ca_file="/nonexistent/ca.pem"),
    }


TLS_CASES = {
    "tls": ("pass", "200 OK"),
    "tls-address": ("pass", "200 OK"),
    "tls-unverified": ("pass", "404 Not Found"),
    "tls-system": ("fail", "TLS: unable to get local issuer certificate"),
    "tls-self-signed": ("fail", "TLS: self-signed certificate"),
    "tls-expired": ("fail", "TLS: certificate has expired"),
    "tls-other-host": ("fail", "TLS: the certificate is not for www.example.net"),
    "tls-no-authority": ("fail", "cannot read the authorities in /nonexistent/ca.pem: "),
}


@pytest.mark.parametrize("name", PLAIN_CASES)
def test_plain(name, watched):
    """Each result with what it says."""
    _, result, output = PLAIN_CASES[name]
    found, said = watched.result(name)
    assert (found, said[:len(output)]) == (result, output)


@pytest.mark.parametrize("name", TLS_CASES)
def test_tls(name, watched):
    """Verified by default, against the system's authorities or one's own."""
    result, output = TLS_CASES[name]
    found, said = watched.result(name)
    assert (found, said[:len(output)]) == (result, output)


def test_unix_socket(watched):
    """The address may be a socket's path."""
    assert watched.result("unix") == ("pass", "200 OK")


@pytest.mark.parametrize("manner", BAD_CASES)
def test_bad_service(manner, watched):
    """Bounded by the timeout, and named."""
    result, said = watched.result(manner)
    assert (result, said[:len(BAD_CASES[manner])]) == ("fail", BAD_CASES[manner])


def test_handshake_that_never_ends(watched):
    """The timeout covers it."""
    assert watched.result("silent-tls") == ("fail", "timed out after 1 s: in the TLS handshake")


def test_gigabyte_of_content(watched):
    """The status alone passes; what is looked for is looked for in 64 KiB."""
    assert watched.result("huge") == ("pass", "200 OK")
    assert watched.result("huge-body") == (
        "fail", "the first 65536 octets of the content lack \"y\"")


def test_could_not_run_is_said(watched):
    """No such host, no such file: that is not the service's fault."""
    for name in ("no-such-host", "tls-no-authority"):
        watched.result(name)
        assert watched.view(name)["could_run"] is False


def test_memory_is_bounded(watched):
    """However much was sent."""
    wait_until("a few rounds", lambda: watched.view("huge-body")["runs"] > 20, 20.0)
    assert watched.herald.process.resident_bytes() < 32_000_000


def _authority(module_site, servers, name: str) -> Path:
    """A copy of the authorities' file, to be changed."""
    return Path(shutil.copy(servers.authority, module_site.folder / name))


def test_sessions_are_resumed(module_site, servers, web):
    """Of an https check's runs all but the first go without a full handshake."""
    assert web.running
    watched = Checking(module_site, {"tls": {
        "type": "http", "url": f"https://{HOST}/session", "expect_body": "session r",
        "ca_file": str(servers.authority), "address": f"127.0.0.1:{HTTPS_PORT}"}}, "resuming")
    watched.wait("tls", "pass")


def test_half_written_authorities_change_nothing(module_site, servers, web):
    """Until the file can be read, the former ones count; then those that are in it."""
    assert web.running
    authority = _authority(module_site, servers, "own-ca.pem")
    watched = Checking(module_site, {"tls": {
        "type": "http", "url": f"https://{HOST}/health", "ca_file": str(authority),
        "address": f"127.0.0.1:{HTTPS_PORT}"}}, "rewriting")
    watched.wait("tls", "pass")
    authority.write_bytes(servers.authority.read_bytes()[:100])
    runs = watched.view("tls")["runs"]
    results = set()

    def ran_five_times() -> bool:
        view = watched.view("tls")
        results.add((view["last_result"], view["output"]))
        return view["runs"] >= runs + 5
    wait_until("five more runs", ran_five_times)
    assert results == {("pass", "200 OK")}
    shutil.copy(servers.folder / "self-signed.pem", authority)
    assert watched.wait("tls", "fail") == "TLS: unable to get local issuer certificate"


def test_new_authority_is_read(module_site, servers, web):
    """A certificate and its authority replaced in place: no restart is needed."""
    watched = Checking(module_site, {"tls": {
        "type": "http", "url": f"https://{HOST}/health", "ca_file": str(servers.authority),
        "address": f"127.0.0.1:{HTTPS_PORT}"}}, "ending")
    watched.wait("tls", "pass")
    web.stop()
    watched.wait("tls", "fail")
    servers.nginx()
    watched.wait("tls", "pass")
