"""Passwords are nowhere but in the configuration: not printed, served, logged or stored."""

from pathlib import Path

import pytest

from lab.herald import HERALDD
from lab.processes import run
from lab.site import IPV4_PREFIX, dns_service, settings, tcp_check
from lab.waiting import wait_until

WRITTEN, FROM_FILE, LATER = "sesame-written", "sesame-from-file", "sesame-later"
HEADER, QUERY = "sesame-header", "sesame-query"
SECRETS = (WRITTEN, FROM_FILE, LATER, HEADER, QUERY)
# A check that fails, and whose failure is told of, with what it says to the server.
TELLING = {"type": "http", "name": "page", "url": f"http://127.0.0.1:9999/?token={QUERY}",
           "headers": {"Authorization": f"Bearer {HEADER}"}, "on_fail": "degrade",
           "interval": "200ms", "fast_interval": "100ms", "timeout": "100ms"}
REFUSED = "sesame-refused"
# Values that are refused, each with a secret in it: a section's changes, and the key to be named.
REFUSALS = {
    "a user and a password in a url": (
        "check", {"url": f"http://monitor:{REFUSED}@127.0.0.1/health"}, "url"),
    "a url that is none": ("check", {"url": f"monitor:{REFUSED}@127.0.0.1"}, "url"),
    "a query that is not encoded": ("check", {"url": f"http://127.0.0.1/?token= {REFUSED}"}, "url"),
    "a url of another scheme": ("check", {"url": f"ftp://{REFUSED}@127.0.0.1/"}, "url"),
    "a header of two lines": (
        "check", {"headers": {"Authorization": f"Bearer {REFUSED}\nX: y"}}, "headers"),
    "a password that is too long": ("neighbor", {"password": REFUSED * 9}, "password"),
    "a password that is no text": ("neighbor", {"password": [REFUSED]}, "password"),
    "a password file that is too long": (
        "neighbor", {"password": None, "password_file": "long.key"}, "password_file"),
}
VIEWS = ("/v1/status", "/v1/neighbors", "/v1/neighbors/leaf1", "/v1/services", "/v1/checks",
         "/v1/routes", f"/v1/explain?prefix={IPV4_PREFIX}", "/v1/events/recent", "/metrics")
COMMANDS = (["status"], ["neighbors"], ["neighbors", "leaf1"], ["neighbors", "leaf2"],
            ["services", "dns"], ["checks"], ["routes"], ["explain", IPV4_PREFIX],
            ["reload", "--dry-run"], ["reload"], ["log", "debug"],
            ["neighbor", "leaf2", "reset"], ["drain", "dns"], ["undrain", "dns"], ["restart"])


def _neighbors(leaves, first: str) -> list:
    return [leaves[0].neighbor(password=first),
            leaves[1].neighbor(password_file="leaf2.key"),
            # What does not come up is told of, too.
            leaves[1].neighbor(name="nobody", address="198.51.100.250", password=WRITTEN)]


def _write(herald, leaves, first: str, **changes: object) -> None:
    service = dns_service(check=[tcp_check(), TELLING])
    herald.configure({**settings(_neighbors(leaves, first), [service], **changes),
                      "log": {"level": "trace"}, "metrics": {"listen": "127.0.0.1:9179"}})


def _said_by(herald) -> str:
    """All that commands and the socket answer, in text and in JSON."""
    said = []
    for command in COMMANDS:
        for form in ([], ["--json"]):
            done = herald.ctl(*form, *command, check=False)
            said.append(done.stdout + done.stderr)
    connection = herald.connection()
    for view in VIEWS:
        connection.request("GET", view)
        answer = connection.getresponse()
        assert answer.status == 200, view
        said.append(answer.read().decode())
    connection.close()
    return "\n".join(said)


def _stored(folder: Path, except_for: tuple) -> str:
    """All that is in files, logs and state among them."""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace")
                     for path in folder.rglob("*")
                     if path.is_file() and path.name not in except_for)


def test_secrets_appear_nowhere(site):
    """At the log level `trace`, over failures, a reload that changes a password, and a restart."""
    leaves = [site.add_leaf(), site.add_leaf()]
    site.start_router(leaves[0])
    leaves[0].router.command("configure terminal\nrouter bgp 64500\n"
                             f"neighbor {leaves[0].node_ipv4} password {WRITTEN}")
    herald, service = site.herald(), site.service()
    service.start()
    (herald.folder / "leaf2.key").write_text(FROM_FILE + "\n")
    _write(herald, leaves, WRITTEN)
    herald.start()
    wait_until("announced", lambda: leaves[0].router.has(IPV4_PREFIX))
    said = _said_by(herald)

    _write(herald, leaves, LATER)
    said += herald.ctl("reload").stdout
    leaves[0].router.command("configure terminal\nrouter bgp 64500\n"
                             f"neighbor {leaves[0].node_ipv4} password {LATER}")
    wait_until("announced", lambda: leaves[0].router.established(leaves[0].node_ipv4), 20.0)
    said += _said_by(herald)

    _write(herald, leaves, LATER, router_id="not an address")
    said += herald.ctl("reload", check=False).stderr
    _write(herald, leaves, "x" * 81 + LATER)  # longer than a key may be
    said += herald.ctl("reload", check=False).stderr
    assert herald.process.stop() == 0

    assert "leaf2" in said and "198.51.100.250" in said and "page" in said
    stored = _stored(herald.folder, ("herald.toml", "leaf2.key"))
    assert "leaf1" in stored
    for secret in SECRETS:
        assert secret not in said
        assert secret not in stored


@pytest.mark.parametrize("section, change, key", REFUSALS.values(), ids=REFUSALS)
def test_a_secret_in_a_value_that_is_refused_is_not_shown(site, section, change, key):
    """The place and the key are named, not the value: in the reply, the log, and the events that
    everyone may read."""
    leaf = site.add_leaf()
    herald = site.herald()
    (herald.folder / "long.key").write_text(REFUSED * 9)
    changed = {section: change}

    def write(changed: dict) -> None:
        check = {"type": "http", "url": "http://127.0.0.1:9999/", **changed.get("check", {})}
        neighbor = leaf.neighbor(**changed.get("neighbor", {}))
        herald.configure({**settings([neighbor], [dns_service(check=[check])]),
                          "log": {"level": "trace"}})

    write({})
    herald.start()
    write(changed)
    refused = [herald.ctl(*form, "reload", check=False) for form in ([], ["--json"])]
    assert [done.returncode for done in refused] == [1, 1]
    said = "".join(done.stdout + done.stderr for done in refused)
    assert key in said and f"{herald.config}:" in said
    done = run(HERALDD, "--check", "--config", herald.config, check=False)
    assert done.returncode == 1
    said += done.stdout + done.stderr + str(herald.get("/v1/events/recent"))
    assert herald.process.stop() == 0
    assert REFUSED not in said + _stored(herald.folder, ("herald.toml", "long.key"))


def test_a_secret_in_a_file_that_everyone_may_read_is_warned_of(site):
    """By --check, at the start and at a reload; the file counts all the same."""
    leaf = site.add_leaf()
    herald = site.herald()
    herald.configure(settings([leaf.neighbor(password=WRITTEN)], [dns_service()]))
    herald.config.chmod(0o640)
    check = (HERALDD, "--check", "--config", herald.config)
    assert run(*check).stderr == ""
    herald.config.chmod(0o644)
    done = run(*check)
    assert done.returncode == 0 and done.stderr.startswith(f"{herald.config}:")
    assert "warning: neighbor.password: " in done.stderr and WRITTEN not in done.stderr

    herald.start()
    assert done.stderr in herald.process.log.read_text()
    reply = herald.ctl("--json", "reload").stdout
    assert "neighbor.password: " in reply and WRITTEN not in reply
    assert herald.process.stop() == 0
