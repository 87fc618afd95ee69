"""The Debian package on a machine that systemd has booted: installed, run, upgraded, removed."""

import re
import signal
import tomllib

import pytest

from lab import toml
from lab.frr import FrrNeighbor
from lab.herald import REPOSITORY
from lab.machine import next_package
from lab.manual import examples
from lab.processes import run
from lab.rack import Rack
from lab.site import HERALD_AS, IPV4_PREFIX, IPV6_PREFIX, settings
from lab.waiting import wait_until

HERALD = "198.51.100.6"  # the node's end of its first link
CONFIG = "/etc/herald/herald.toml"
APT = "apt-get -qq -o Dpkg::Use-Pty=0"
DNS_CHECK = """
[[service.check]]
type = "dns"
address = "127.0.0.1:9"
query = "example.org"
on_fail = "degrade"
"""
# CAP_NET_BIND_SERVICE, capability 10, alone.
BIND_SERVICE = f"{1 << 10:016x}"


@pytest.fixture
def installed(machine):
    """The machine with the package installed."""
    machine.shell(f"{APT} install --yes /root/*.deb")
    return machine


@pytest.fixture
def router(site):
    """A router that dials the node, and again every second."""
    leaf = site.add_leaf()
    return site.start_router(leaf, [FrrNeighbor(leaf.node_ipv4, HERALD_AS, ["timers connect 1"])])


@pytest.fixture
def serving(site, router, installed):
    """The package's herald as a service: it listens on port 179 and runs a program as a check."""
    check = {"type": "exec", "command": ["/bin/sh", "-c", "date; test ! -e /var/lib/ailing"],
             "interval": "500ms", "fast_interval": "100ms", "rise": 2, "fall": 2}
    configure(installed, site.leaves[0].neighbor(passive=True),
              {"name": "dns", "prefixes": [IPV4_PREFIX, IPV6_PREFIX], "check": [check]})
    installed.run("systemctl", "enable", "--now", "--quiet", "herald")
    wait_until("announced", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))
    return installed


def configure(machine, neighbor: dict, service: dict) -> None:
    """Puts a configuration in the example's place, as an editor that keeps owner and mode does."""
    config = settings([neighbor], [service], listen=["0.0.0.0"])
    (machine.root / CONFIG[1:]).write_text(toml.dump(config), encoding="utf-8")


def status_of(machine, line: str) -> dict:
    """The lines of /proc/PID/status that begin as `line` does, by name."""
    found = machine.shell(f"grep '^{line}' /proc/{machine.property('MainPID')}/status").stdout
    return dict(entry.split(":\t") for entry in found.splitlines())


def test_package_starts_nothing_and_purging_it_leaves_nothing(machine):
    """The configuration has to be edited first; what the package brought or made goes with it."""
    before = machine.files()
    machine.shell(f"{APT} install --yes /root/*.deb")
    assert machine.property("ActiveState") == "inactive"
    assert machine.property("UnitFileState") == "disabled"
    assert machine.shell(f"stat -c '%a %U:%G' /etc/herald {CONFIG} /run/herald /var/lib/herald"
                         ).stdout.splitlines() == ["750 root:herald", "640 root:herald",
                                                   "755 herald:herald", "700 herald:herald"]
    machine.run("heraldd", "--check")

    machine.run("systemctl", "enable", "--quiet", "herald")
    machine.shell(f"{APT} remove --yes herald")
    assert (machine.root / CONFIG[1:]).exists()
    machine.shell(f"{APT} purge --yes --auto-remove herald")
    # Of the user that stays: the versions of the user database before it.
    assert {path for path in machine.files() - before if not path.endswith("-")} == set()


def test_package_has_nothing_that_debian_complains_of(package):
    """No tag of lintian's, down to its hints; each override says why it is there."""
    done = run("lintian", "--allow-root", "--display-info", "--pedantic", package, check=False,
               timeout=120.0)
    said = (done.stdout + done.stderr).splitlines()
    assert [line for line in said if not line.startswith("N:")] == []  # notes on overrides
    assert done.returncode == 0


def test_configurations_to_copy_are_one_and_the_same(installed):
    """The README's, the manual's and the package's say the same."""
    readme = (REPOSITORY / "README.md").read_text()
    (of_readme,) = re.findall("^```toml\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    (of_manual,) = examples(installed.root / "usr/share/man/man5/herald.toml.5.gz")
    of_package = (installed.root / CONFIG[1:]).read_text()
    assert tomllib.loads(of_package) == tomllib.loads(of_readme) == tomllib.loads(of_manual)
    installed.run("heraldd", "--check", "--config", "/usr/share/doc/herald/examples/herald.toml")


def test_modules_come_with_the_package_and_with_their_libraries(installed):
    """dpkg-shlibdeps has seen what they are linked to."""
    for module, library in (("herald-tls.so", "libssl.so.3"), ("herald-dns.so", "libldns.so.3")):
        linked = installed.run("ldd", f"/usr/lib/herald/{module}").stdout
        assert f"{library} => /" in linked
        assert "not found" not in linked


def test_unit_is_valid_and_confined(installed):
    """What systemd's own review says: no complaint, and an exposure of 2.0 of 10 or better."""
    unit = "/usr/lib/systemd/system/herald.service"
    done = installed.run("systemd-analyze", "verify", "--man=no", unit)
    assert done.stdout + done.stderr == ""
    review = installed.run("systemd-analyze", "security", "--offline=yes", "--no-pager", unit)
    exposure = re.search(r"Overall exposure level for herald.service: ([0-9.]+)", review.stdout)
    assert exposure
    print(exposure[0])
    assert float(exposure[1]) <= 2.0


def test_example_for_managed_addresses_adds_the_one_capability_for_them(site, installed):
    """As it says itself: copied beside the unit."""
    installed.shell("mkdir -p /etc/systemd/system/herald.service.d && cp"
                    " /usr/share/doc/herald/examples/managed-addresses.conf"
                    " /etc/systemd/system/herald.service.d/ && systemctl daemon-reload")
    for which in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert set(installed.property(which).split()) == {"cap_net_admin", "cap_net_bind_service"}
    configure(installed, site.add_leaf().neighbor(passive=True),
              {"name": "dns", "prefixes": [IPV4_PREFIX], "addresses": ["192.0.2.53"],
               "manage_addresses": True})
    installed.run("systemctl", "start", "herald")
    wait_until("the address is there", lambda: "192.0.2.53" in site.node.run(
        "ip", "address", "show", "dev", "lo").stdout)


def test_example_for_neighbors_on_links_adds_the_one_capability_for_them(site, installed):
    """As it says itself: copied beside the unit. Within its confinement a router is found, and
    herald advertises itself."""
    installed.shell("mkdir -p /etc/systemd/system/herald.service.d && cp"
                    " /usr/share/doc/herald/examples/neighbors-on-links.conf"
                    " /etc/systemd/system/herald.service.d/ && systemctl daemon-reload")
    for which in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert set(installed.property(which).split()) == {"cap_net_raw", "cap_net_bind_service"}
    rack = Rack(site)
    rack.start_router(rack.leaf)
    configure(installed, {"interface": rack.leaf.node_interface, "remote_as": "external"},
              {"name": "dns", "prefixes": [IPV4_PREFIX, IPV6_PREFIX]})
    installed.run("systemctl", "start", "herald")
    rack.wait_announced()


def test_service_has_what_it_needs_and_no_more(serving, router):
    """Port 179 as an ordinary user, checks' programs, heraldctl for the group alone."""
    status = status_of(serving, "Cap\\|Uid\\|NoNewPrivs\\|Seccomp:")
    assert {status[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {BIND_SERVICE}
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    herald_uid = serving.run("id", "-u", "herald").stdout.strip()
    assert set(status["Uid"].split()) == {herald_uid}

    (serving.root / "var/lib/ailing").touch()
    wait_until("withdrawn", lambda: router.has_none(IPV4_PREFIX, IPV6_PREFIX))
    (serving.root / "var/lib/ailing").unlink()
    wait_until("announced again", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))

    as_daemon = "setpriv --reuid=daemon --regid=daemon"
    serving.shell(f"{as_daemon} --groups=herald heraldctl status")
    refused = serving.shell(f"{as_daemon} --clear-groups heraldctl status", check=False)
    assert refused.returncode == 3 and "ermission denied" in refused.stderr


def test_control_socket_is_given_to_a_group_of_the_users(serving, router):
    """As [control] group says: within the unit's confinement, from the start and over a restart."""
    config = serving.root / CONFIG[1:]
    serving.shell("groupadd operators && usermod --append --groups operators herald")
    config.write_text(config.read_text() + '\n[control]\ngroup = "operators"\n')
    serving.run("systemctl", "restart", "herald")
    serving.run("heraldctl", "restart")
    assert serving.shell("stat -c '%a %U:%G' /run/herald/control.sock"
                         ).stdout == "660 herald:operators\n"
    serving.shell("setpriv --reuid=daemon --regid=daemon --groups=operators heraldctl status")
    refused = serving.shell("setpriv --reuid=daemon --regid=daemon --groups=herald"
                            " heraldctl status", check=False)
    assert refused.returncode == 3 and 'join the group "operators"' in refused.stderr
    wait_until("announced", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))


def test_service_is_reloaded_and_says_when_it_cannot_be(serving, router):
    """systemctl reload is heraldctl reload: its failure is the job's, and changes nothing."""
    config = serving.root / CONFIG[1:]
    working = config.read_text()
    config.write_text(working.replace(IPV4_PREFIX, "203.0.113.0/24"))
    serving.run("systemctl", "reload", "herald")
    wait_until("the new prefix is there", lambda: router.has("203.0.113.0/24"))
    assert router.has_none(IPV4_PREFIX) and router.drops(HERALD) == 0
    config.write_text("[bgp]\nlocal_as = 'one'\n")
    assert serving.run("systemctl", "reload", "herald", check=False).returncode == 1
    assert "herald.toml:2:12" in serving.logs()
    assert serving.property("ActiveState") == "active" and router.has("203.0.113.0/24")


def test_service_that_hangs_is_started_again(serving, router):
    """A loop that does not turn feeds no watchdog."""
    folder = serving.root / "run/systemd/system/herald.service.d"
    folder.mkdir(parents=True)
    (folder / "short.conf").write_text("[Service]\nWatchdogSec=1s\n")
    serving.run("systemctl", "daemon-reload")
    serving.run("systemctl", "restart", "herald")
    wait_until("announced", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))
    before = serving.property("MainPID")
    serving.run("systemctl", "kill", "--signal", signal.SIGSTOP.name, "herald")
    wait_until("it was started again", lambda: serving.property("NRestarts") == "1")
    wait_until("announced again", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))
    assert serving.property("MainPID") != before
    assert "Watchdog timeout" in serving.logs()


def test_upgrade_keeps_configuration_drains_and_process(serving, router, package, tmp_path):
    """The new program takes over within the unit's confinement, and the router does not see it;
    the edited configuration is not asked about, since the package's own is what it was."""
    config = (serving.root / CONFIG[1:]).read_text()
    serving.run("heraldctl", "drain", "dns", "--now", "--wait", "--reason", "upgrade")
    before, log = serving.property("MainPID"), serving.logs()
    drops = router.drops(HERALD)
    copy = tmp_path / package.name
    copy.write_bytes(package.read_bytes())
    newer = next_package(copy, "99.0")
    (serving.root / "root" / newer.name).write_bytes(newer.read_bytes())

    assert "herald 99.0 " not in serving.run("heraldctl", "status").stdout
    serving.shell(f"{APT} install --yes /root/{newer.name}")
    assert "herald 99.0 " in serving.run("heraldctl", "status").stdout
    assert (serving.root / CONFIG[1:]).read_text() == config
    assert serving.shell(f"stat -c '%a %U:%G' {CONFIG}").stdout == "640 root:herald\n"
    assert serving.property("MainPID") == before
    assert router.drops(HERALD) == drops and router.established(HERALD)
    assert serving.logs().count("heraldd is ready") == log.count("heraldd is ready") + 1
    wait_until("systemd knows that it is ready",
               lambda: serving.property("ActiveState") == "active")
    assert "upgrade" in serving.run("heraldctl", "services", "dns").stdout
    serving.run("heraldctl", "undrain", "dns")
    wait_until("announced again", lambda: router.has(IPV4_PREFIX, IPV6_PREFIX))

    with (serving.root / CONFIG[1:]).open("a") as file:
        file.write(DNS_CHECK)
    serving.run("heraldctl", "reload")
    wait_until("the module of the same version is there", lambda: "connection refused" in
               serving.run("heraldctl", "--wide", "checks").stdout)

    serving.shell(f"{APT} purge --yes herald")
    wait_until("withdrawn", lambda: router.has_none(IPV4_PREFIX, IPV6_PREFIX))


def test_install_honours_destination_and_prefix_and_keeps_the_configuration(tmp_path):
    """cmake --install, for those who package herald otherwise."""
    install = ["cmake", "--install", REPOSITORY / "build/release", "--prefix", "/opt/herald"]
    run("env", f"DESTDIR={tmp_path}", *install)
    top = tmp_path / "opt/herald"
    unit = (top / "lib/systemd/system/herald.service").read_text()
    assert "ExecStart=/opt/herald/sbin/heraldd --config /opt/herald/etc/herald/herald.toml" in unit
    for name in ("lib/sysusers.d/herald.conf", "lib/tmpfiles.d/herald.conf",
                 "share/bash-completion/completions/heraldctl",
                 "share/zsh/site-functions/_heraldctl",
                 "share/fish/vendor_completions.d/heraldctl.fish"):
        assert (top / name).is_file(), name
    config = top / "etc/herald/herald.toml"
    assert config.stat().st_mode & 0o777 == 0o640
    assert (top / "share/doc/herald/examples/herald.toml").stat().st_mode & 0o777 == 0o644
    config.write_text("# edited\n")
    run("env", f"DESTDIR={tmp_path}", *install)
    assert config.read_text() == "# edited\n"


def test_sysusers_and_tmpfiles_make_the_user_and_the_folders(machine):
    """For an installation without the package."""
    for kind, program in (("sysusers", "systemd-sysusers"),
                          ("tmpfiles", "systemd-tmpfiles --create")):
        text = (REPOSITORY / f"etc/{kind}.conf").read_text()
        (machine.root / f"usr/lib/{kind}.d/herald.conf").write_text(text)
        machine.shell(f"{program} herald.conf")
    assert machine.shell("stat -c '%a %U:%G' /run/herald /var/lib/herald").stdout.splitlines() == [
        "755 herald:herald", "700 herald:herald"]
