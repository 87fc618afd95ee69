"""Fixtures of the integration tests. They need root and the release build."""

import os
from pathlib import Path

import pytest

from lab.bench import Bench, OwnBenches
from lab.containers import Composition
from lab.fleet import Fleet, OwnFleets
from lab.herald import FAST_CLOCK, HERALDCTL, HERALDD, SET_CLOCK
from lab.impossible import IMPOSSIBLE
from lab.machine import Machine, MachineImage, build_package
from lab.matrix import CELL, IMPLEMENTATIONS, Matrix, cell_of, kinds_for
from lab.network import remove_leftovers
from lab.raw import RawLab
from lab.scenario import announcing
from lab.site import Site
from lab.witness import Witness

# What takes longest, of what runs side by side.
LONG = ("podman", "test_check_leaks")


@pytest.fixture(scope="session", autouse=True)
def clean_start():
    """Fails at once where the lab cannot work, and clears what a killed lab left behind."""
    assert os.geteuid() == 0, "network namespaces need root"
    for program in (HERALDD, HERALDCTL, Path(FAST_CLOCK["LD_PRELOAD"]), SET_CLOCK):
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


@pytest.fixture(scope="session", params=IMPLEMENTATIONS, ids=lambda router: router.label)
def implementation(request):
    """A router of the interoperation matrix. Its scenarios run together."""
    return request.param


@pytest.fixture(scope="session")
def bench(implementation):
    """The router with every kind of session, for what leaves the other sessions alone."""
    with Bench(implementation, kinds_for(implementation)) as built:
        built.start()
        yield built


@pytest.fixture
def own_bench(implementation):
    """Makes routers of the scenario's own, for what disturbs every session."""
    with OwnBenches(implementation) as benches:
        yield benches


def pytest_configure(config):
    """What tests are marked with, and where the outcomes of the matrix are kept."""
    for marker in ("feature(name): a row of the interoperation matrix",
                   "measures: takes time, and is to run when nothing else does",
                   "xdist_group(name): runs in one process with others"):
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(Matrix())


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist, which looks for the groups
def pytest_collection_modifyitems(items):
    """For `-n N --dist loadgroup`: tests that share what they have started are one group, in one
    process. The long ones begin first."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    first = {group: place for place, group in enumerate(LONG)}
    items.sort(key=lambda item: first.get(group_of(item), len(LONG)))


def group_of(item: pytest.Item) -> str:
    """A router of the matrix; Podman, whose images have one base; or the test's file."""
    if cell_of(item):
        return cell_of(item)[0]
    uses_podman = "package" in item.fixturenames or item.path.stem == "test_containers"
    return "podman" if uses_podman else item.path.stem


def pytest_runtest_setup(item):
    """Skips, with the reason, what the router cannot do."""
    cell = cell_of(item)
    if cell:
        item.user_properties.append((CELL, cell))
    if cell in IMPOSSIBLE:
        pytest.skip(f"{cell[0]} {IMPOSSIBLE[cell]}")


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
        # A fixture may hand on another one.
        values = {id(value): (name, value) for name, value in item.funcargs.items()}
        for name, value in values.values():
            if isinstance(value, (Bench, Composition, Fleet, Machine, OwnBenches, OwnFleets, RawLab,
                                  Site)):
                report.sections.append((f"logs of {name}", value.logs()))
