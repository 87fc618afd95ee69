"""Fixtures of the integration tests. They need root and the release build."""

import os
from pathlib import Path

import pytest

from lab.containers import Composition
from lab.herald import FAST_CLOCK, HERALDCTL, HERALDD
from lab.network import remove_leftovers
from lab.raw import RawLab
from lab.scenario import announcing
from lab.site import Site
from lab.witness import Witness


@pytest.fixture(scope="session", autouse=True)
def machine():
    """Fails at once where the lab cannot work, and clears what a killed lab left behind."""
    assert os.geteuid() == 0, "network namespaces need root"
    for program in (HERALDD, HERALDCTL, Path(FAST_CLOCK["LD_PRELOAD"])):
        assert program.exists(), f"{program} is not built"
    remove_leftovers()


@pytest.fixture
def site():
    """An empty site: a node without routers."""
    with Site() as built:
        yield built


@pytest.fixture(scope="module")
def module_site():
    """A site that the scenarios of a file share."""
    with Site() as built:
        yield built


@pytest.fixture
def world(site):
    """A site whose service is announced to its one router."""
    return announcing(site)


@pytest.fixture(scope="module")
def lab():
    """herald with a neighbor that does what a test tells it to, and a witness."""
    with RawLab({"peer": {}, "witness": {"hold_time": "3s"}}) as built:
        yield built


@pytest.fixture(scope="module")
def witness(lab):
    """Another neighbor, which must not notice anything of what a file's tests do."""
    with Witness(lab) as built:
        yield built
        built.check()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the logs of what the fixtures started with a failure, before they are removed."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and call.when in ("setup", "call"):
        for name, value in item.funcargs.items():
            if isinstance(value, (Site, Composition, RawLab)):
                report.sections.append((f"logs of {name}", value.logs()))
