"""Fixtures of the integration tests. They need root and the release build."""

import os

import pytest

from lab.containers import Composition
from lab.herald import HERALDCTL, HERALDD
from lab.machine import Machine, MachineImage, build_package
from lab.network import remove_leftovers
from lab.scenario import announcing
from lab.site import Site


@pytest.fixture(scope="session", autouse=True)
def machine():
    """Fails at once where the lab cannot work, and clears what a killed lab left behind."""
    assert os.geteuid() == 0, "network namespaces need root"
    for program in (HERALDD, HERALDCTL):
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


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """The Debian package of the release build."""
    return build_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def machine_image(package):
    """The root that machines are made of."""
    with MachineImage(package) as root:
        yield root


@pytest.fixture
def machine(site, machine_image, tmp_path):
    """A small Debian on the site's node, booted; the package lies in /root, not installed."""
    built = Machine(site.node, machine_image, tmp_path / "machine")
    try:
        built.boot()
        yield built
    finally:
        built.kill()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the logs of what the fixtures started with a failure, before they are removed."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and call.when in ("setup", "call"):
        for name, value in item.funcargs.items():
            if isinstance(value, (Site, Composition, Machine)):
                report.sections.append((f"logs of {name}", value.logs()))
