"""Thousands of runs of every type, those that pass and those that do not, leave nothing behind."""

from lab.checking import Checking
from lab.servers import HOST, HTTP_PORT, HTTPS_PORT, NSD_PORT, NTP_PORT, Servers
from lab.waiting import wait_until

RUNS = 1000
WARM_UP = 300  # by then memory has been got that is kept for the next run
FAST = {"interval": "5ms", "fast_interval": "5ms"}
SILENT_PORT, RESET_PORT, UDP_SILENT_PORT, NOBODY_PORT = 9000, 9001, 9002, 9999
DNS = {"type": "dns", "address": f"127.0.0.1:{NSD_PORT}", "query": "example.org"}
HTTPS = {"type": "http", "url": f"https://{HOST}/health", "address": f"127.0.0.1:{HTTPS_PORT}"}
LATE = {"timeout": "2ms"}

CHECKS = {
    "exec": {"type": "exec", "command": ["/bin/true"]},
    "exec-late": {"type": "exec", "command": ["/bin/sleep", "1000"], **LATE},
    "exec-none": {"type": "exec", "command": ["/nonexistent"]},
    "tcp": {"type": "tcp", "address": f"127.0.0.1:{HTTP_PORT}"},
    "tcp-late": {"type": "tcp", "address": f"127.0.0.1:{SILENT_PORT}", "expect": "x", **LATE},
    "http": {"type": "http", "url": f"http://127.0.0.1:{HTTP_PORT}/health", "expect_body": "all"},
    "http-by-name": {"type": "http", "url": f"http://localhost:{HTTP_PORT}/health"},
    "http-late": {"type": "http", "url": f"http://127.0.0.1:{SILENT_PORT}/", **LATE},
    "http-reset": {"type": "http", "url": f"http://127.0.0.1:{RESET_PORT}/"},
    "http-refused": {"type": "http", "url": f"http://127.0.0.1:{NOBODY_PORT}/"},
    "https-unknown": HTTPS,
    "https-late": {**HTTPS, "address": f"127.0.0.1:{SILENT_PORT}", **LATE},
    "dns": {**DNS, "record": "SOA"},
    "dns-cut": {**DNS, "query": "big.example.org", "record": "TXT"},
    "dns-answer": {**DNS, "query": "web.example.org", "expect_answer": "192.0.2.9"},
    "dns-late": {**DNS, "address": f"127.0.0.1:{UDP_SILENT_PORT}", **LATE},
    "dns-refused": {**DNS, "address": f"127.0.0.1:{NOBODY_PORT}"},
    "ntp": {"type": "ntp", "address": f"127.0.0.1:{NTP_PORT}"},
    "ntp-late": {"type": "ntp", "address": f"127.0.0.1:{UDP_SILENT_PORT}", **LATE},
}


def test_runs_leave_nothing(site):
    """No descriptor, no child, no memory."""
    servers = Servers(site.node, site.folder)
    servers.nginx()
    servers.nsd()
    servers.chrony()
    servers.bad([f"{SILENT_PORT}:silent", f"{RESET_PORT}:reset", f"{UDP_SILENT_PORT}:udp-silent"])
    checks = {**CHECKS, "https": {**HTTPS, "ca_file": str(servers.authority)}}
    watched = Checking(site, {name: {**FAST, **check} for name, check in checks.items()})
    process = watched.herald.process

    def least_runs() -> int:
        return min(check["runs"] for check in watched.herald.get("/v1/checks")["checks"])

    wait_until("the first runs", lambda: least_runs() >= WARM_UP, 120.0)
    memory = process.resident_bytes()
    wait_until("the runs", lambda: least_runs() >= WARM_UP + RUNS, 300.0)
    assert process.resident_bytes() < memory + 1_000_000
    # At any moment, at most what one run of each check needs; a connection being cut has two.
    assert watched.descriptors() < 20 + 3 * len(checks)
    assert len(process.children()) <= 3
    assert watched.view("http")["last_result"] == watched.view("https")["last_result"] == "pass"
    assert watched.view("dns")["last_result"] == watched.view("ntp")["last_result"] == "pass"
    print(f"{RUNS} runs of {len(checks)} checks: "
          f"{(process.resident_bytes() - memory) / 1024:+.0f} KiB")
