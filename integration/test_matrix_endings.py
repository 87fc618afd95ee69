"""Interoperation: how sessions with each router end, and what it takes for them to return."""

import signal
import time

from lab.bench import SERVICE, SESSION_SECONDS, Bench, Line
from lab.kinds import KILLED_ROUTER, RESTART, SHORT_HOLD, SILENT_ROUTER
from lab.matrix import feature
from lab.observer import Observer
from lab.peer import WITHDRAWN
from lab.waiting import stays_true, wait_until

TEXT = "moving to rack 7"
# The last keepalive may be a third of the hold time old when silence begins. BIRD shortens its hold
# timer by up to a quarter, and some routers look at theirs once a second.
EARLIEST, LATEST = SHORT_HOLD * 2 / 3 - 0.1, SHORT_HOLD + 2.0
EARLIEST_OF_ROUTER = EARLIEST - SHORT_HOLD / 4


@feature("hold time ends: herald is silent")
def test_silent_herald(bench):
    """A stopped herald: the router gives it up in time, and says so."""
    line = bench.announced("silent_herald")
    line.herald.process.signal(signal.SIGSTOP)
    started = time.monotonic()
    try:
        wait_until("the router gives up",
                   lambda: bench.router.has_none(*line.prefixes), LATEST)
        assert time.monotonic() - started > EARLIEST_OF_ROUTER
    finally:
        line.herald.process.signal(signal.SIGCONT)
    wait_until("4/0 has arrived", lambda: any(
        "received Hold Timer Expired" in why for why in line.endings()))


@feature("hold time ends: the link is cut")
def test_cut(bench):
    """No packet gets through: both sides give up."""
    line = bench.announced("cut")
    line.node.cut_off(line.link.far_interface)
    started = time.monotonic()
    wait_until("the router gives up", lambda: bench.router.has_none(*line.prefixes), LATEST)
    assert time.monotonic() - started > EARLIEST_OF_ROUTER
    wait_until("herald gives up", lambda: not line.established(), LATEST)


@feature("hold time ends: the router is silent")
def test_silent_router(own_bench):
    """A stopped router: herald sends 4/0 when the hold time is over, and not before."""
    bench = own_bench({"only": SILENT_ROUTER})
    bench.start()
    line = bench.announced("only")
    bench.router.freeze()
    started = time.monotonic()
    wait_until("herald gives up", lambda: any(
        "sent Hold Timer Expired" in why for why in line.endings()), SHORT_HOLD + 1.0)
    assert time.monotonic() - started > EARLIEST


@feature("shutdown text to the router")
def test_shutdown_text_sent(bench):
    """RFC 9003: heraldd is stopped, and the router shows why."""
    line = bench.announced("stopped")
    assert line.herald.process.stop() == 0
    wait_until("the text", lambda: "heraldd was stopped by SIGTERM" in
               bench.router.shutdown_text(line.session))
    assert bench.router.has_none(*line.prefixes)


@feature("shutdown text from the router")
def test_shutdown_text_received(bench):
    """RFC 9003: the router's text is in herald's log."""
    line = bench.announced("shut")
    text = bench.router.shut_down(line.session, TEXT)
    wait_until("the text", lambda: any(
        why.startswith("received Cease / Administrative Shutdown") and why.endswith(text)
        for why in line.endings()))


@feature("router killed and started again")
def test_restarted_router(own_bench):
    """herald dials until it is back, and announces all again."""
    bench = own_bench({"only": KILLED_ROUTER})
    bench.start()
    line = bench.announced("only")
    bench.router.kill()
    wait_until("herald has seen it", lambda: not line.established())
    bench.router.start()
    wait_until("the paths", lambda: bench.router.has(*line.prefixes), SESSION_SECONDS)


@feature("graceful restart")
def test_graceful_restart(own_bench):
    """RFC 4724: herald is away for a moment, and the router behind never sees its routes go."""
    bench = own_bench(RESTART)
    bench.router.start()
    bench.lines["restarted"].start_herald()
    line = bench.announced("restarted")
    with Observer(bench.lines["observer"]) as observer:
        wait_until("the observer has both", lambda: all(
            observer.changes(prefix) for prefix in line.prefixes), SESSION_SECONDS)
        restart_slowly(bench, line)
        # The observer is awake, and what it sees last is all that has ever been withdrawn.
        line.herald.ctl("drain", SERVICE, "--now", "--wait")
        for prefix in line.prefixes:
            wait_until("the withdrawal", lambda p=prefix: WITHDRAWN in observer.changes(p))
            *earlier, last = observer.changes(prefix)
            assert last == WITHDRAWN and WITHDRAWN not in earlier


def restart_slowly(bench: Bench, line: Line) -> None:
    """herald restarts and cannot reach the router for a second, which keeps the routes."""
    line.node.cut_off_new_connections(line.link.far_interface)
    line.herald.ctl("restart", "--reset")
    wait_until("the router has lost the session",
               lambda: not bench.router.established(line.session))
    stays_true("the paths", lambda: bench.router.has(*line.prefixes), 1.0)
    line.node.reconnect()
    wait_until("a second session", lambda: line.sessions() == 2, SESSION_SECONDS)
    wait_until("all is acknowledged", lambda: line.neighbor()["acknowledged"])
    assert bench.router.has(*line.prefixes)
