"""The read-only listener: its probes, and clients that mean it ill."""

import socket

from lab import web
from lab.scenario import announcing
from lab.site import dns_service, settings
from lab.waiting import wait_until

METRICS = {"listen": web.LISTEN}
SECRET = "correct-horse-battery"
VIEWS = ["/", "/metrics", "/livez", "/readyz", "/v1/status", "/v1/neighbors", "/v1/neighbors/leaf1",
         "/v1/services", "/v1/services/dns", "/v1/checks", "/v1/routes",
         "/v1/explain?prefix=192.0.2.0/24", "/v1/events/recent"]


def test_probes(site):
    """Alive from the start, ready once a session is up and every service has settled."""
    leaf, herald = site.add_leaf(), site.herald()
    herald.configure({**settings([leaf.neighbor()], [dns_service()]), "metrics": METRICS})
    herald.start()
    assert web.fetch(site.node, "/livez")[::2] == (200, "ok\n")
    status, _, body = web.fetch(site.node, "/readyz")
    assert status == 503 and "no session is Established\n" in body
    site.start_router(leaf)
    wait_until("ready", lambda: web.fetch(site.node, "/readyz")[0] == 200)
    # Its check fails: the service is down, and the node nonetheless ready.
    assert herald.get("/v1/services/dns")["health"] == "down"


def test_port_that_is_taken_stops_the_start(site):
    """And is named."""
    with site.node.open_socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind((web.ADDRESS, web.PORT))
        taken.listen()
        herald = site.herald()
        herald.configure({**settings([], [dns_service()]), "metrics": METRICS})
        process = herald.launch()
        assert process.wait(5.0) == 1
        assert f"metrics on {web.ADDRESS} port {web.PORT}: listen: " in process.output()


def test_idle_and_slow_clients_are_cut(site):
    """Half a request, and none: after 10 s the place is free again."""
    world = announcing(site, metrics=METRICS)
    idle = site.node.connect(web.ADDRESS, web.PORT)
    slow = site.node.connect(web.ADDRESS, web.PORT)
    slow.sendall(b"GET /v1/sta")
    for client in (idle, slow):
        client.settimeout(15.0)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 408 ")
        client.close()
    assert world.undisturbed


def test_crowd_leaves_the_control_socket_free(site):
    """1000 connections to the listener: the 129th is refused, and heraldctl is answered."""
    world = announcing(site, neighbor={"hold_time": "3s"}, metrics=METRICS)
    crowd = [site.node.connect(web.ADDRESS, web.PORT) for _ in range(1000)]
    assert world.herald.get("/v1/status")["neighbors"][0]["state"] == "Established"
    answers = []
    for client in crowd[128:]:
        client.settimeout(5.0)
        answers.append(client.recv(65536).startswith(b"HTTP/1.1 503 "))
    assert all(answers)
    for client in crowd:
        client.close()
    wait_until("answered again", lambda: web.fetch(site.node, "/livez")[0] == 200)
    assert world.undisturbed
    assert world.herald.process.resident_bytes() < 64_000_000


def test_no_view_has_a_secret(site):
    """Whatever is shown to everyone, the password is not in it; HEAD answers as GET does."""
    leaf, herald = site.add_leaf(), site.herald()
    herald.configure({**settings([leaf.neighbor(password=SECRET)], [dns_service()]),
                      "metrics": METRICS})
    herald.start()
    for path in VIEWS:
        status, header, body = web.fetch(site.node, path)
        assert status == (503 if path == "/readyz" else 200), path
        assert body and SECRET not in body
        assert web.fetch(site.node, path, "HEAD")[0] == status
        assert header["Content-Type"].split(";")[0] in ("text/html", "text/plain",
                                                        "application/json")
    assert SECRET not in herald.process.output()
