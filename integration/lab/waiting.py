"""Waiting for an event, with a bound."""

import time
from typing import Callable, TypeVar

Value = TypeVar("Value")

POLL_SECONDS = 0.02


def wait_until(what: str, probe: Callable[[], Value], timeout: float = 10.0) -> Value:
    """Calls probe until it returns something true, and returns that.

    Raises AssertionError, with what was waited for and the last value seen, after timeout seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}; last seen: {value!r}")
        time.sleep(POLL_SECONDS)


def stays_true(what: str, probe: Callable[[], bool], seconds: float) -> None:
    """Fails as soon as probe is false within that many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert probe(), f"ended before {seconds} s had passed: {what}"
        time.sleep(POLL_SECONDS)
