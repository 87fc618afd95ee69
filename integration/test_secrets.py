"""Passwords are nowhere but in the configuration: not printed, served, logged or stored."""

from pathlib import Path

from lab.site import IPV4_PREFIX, dns_service, settings
from lab.waiting import wait_until

WRITTEN, FROM_FILE, LATER = "sesame-written", "sesame-from-file", "sesame-later"
SECRETS = (WRITTEN, FROM_FILE, LATER)
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
    herald.configure({**settings(_neighbors(leaves, first), [dns_service()], **changes),
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

    assert "leaf2" in said and "198.51.100.250" in said
    stored = _stored(herald.folder, ("herald.toml", "leaf2.key"))
    assert "leaf1" in stored
    for secret in SECRETS:
        assert secret not in said
        assert secret not in stored
