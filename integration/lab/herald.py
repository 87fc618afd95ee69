"""heraldd in a namespace, and the ways to talk to it."""

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Optional, Sequence

from lab import toml
from lab.network import Namespace
from lab.processes import Process, run
from lab.waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("HERALD_BIN_DIR", REPOSITORY / "build/release/bin"))
HERALDD, HERALDCTL = PROGRAMS / "heraldd", PROGRAMS / "heraldctl"
# With this environment herald's monotonic clock goes 100 times as fast.
FAST_CLOCK = {**os.environ, "LD_PRELOAD": str(PROGRAMS / "fast_clock.so")}
# With this one preloaded its wall clock is ahead by the seconds in the file $WALL_CLOCK_OFFSET.
SET_CLOCK = PROGRAMS / "set_clock.so"


class ControlConnection(http.client.HTTPConnection):
    """HTTP over the control socket."""

    def __init__(self, path: Path, timeout: float = 5.0):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connects to the UNIX socket instead of a TCP port."""
        self.sock = control_socket(self._path, self.timeout)


def control_socket(path: Path, timeout: Optional[float] = 5.0) -> socket.socket:
    """A plain connection to the control socket."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    connection.connect(str(path))
    return connection


class Herald:
    """A daemon with its configuration, state and log in one folder."""

    def __init__(self, namespace: Namespace, folder: Path):
        self.namespace, self.folder = namespace, folder
        self.config = folder / "herald.toml"
        self.socket = folder / "control.sock"
        self.state = folder / "state"
        self.command: Sequence[object] = [HERALDD]  # what starts it, as another user say
        self._starts = 0
        self.process: Optional[Process] = None
        folder.mkdir()

    def configure(self, settings: dict) -> None:
        """Writes the configuration; where control and state go is added."""
        places = {"control": {"socket": str(self.socket)},
                  "state": {"directory": str(self.state)},
                  "log": {"level": "debug"}}
        text = toml.dump({**places, **settings})
        self.config.write_text(text, encoding="utf-8")
        # Secrets in a file that everybody may read are warned of.
        self.config.chmod(0o600 if "password" in text else 0o644)
        owner = self.folder.stat()  # a daemon that runs as an ordinary user reads its own file
        os.chown(self.config, owner.st_uid, owner.st_gid)

    def launch(self, env: Optional[dict] = None, under: Sequence[object] = ()) -> Process:
        """Starts the daemon without waiting for it, with the words of `under` before its own."""
        self._starts += 1
        log = self.folder / f"herald-{self._starts}.log"
        self.process = self.namespace.start([*under, *self.command, "--config", self.config], log,
                                            env)
        return self.process

    def start(self, env: Optional[dict] = None, under: Sequence[object] = ()) -> None:
        """Starts the daemon and returns when its control socket answers."""
        process = self.launch(env, under)
        wait_until("the control socket answers", lambda: self._answers(process))

    def _answers(self, process: Process) -> bool:
        assert process.running, f"heraldd did not start:\n{process.output()}"
        try:
            return self.exchange("GET", "/v1/status")[0] == 200
        except OSError:
            return False

    def connection(self, timeout: float = 5.0) -> ControlConnection:
        """HTTP over the control socket, for what is not one JSON document."""
        return ControlConnection(self.socket, timeout)

    def exchange(self, method: str, path: str, content: Optional[bytes] = None) -> tuple:
        """One request over the control socket: status, content type, and decoded body."""
        connection = self.connection()
        try:
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return (answer.status, answer.getheader("Content-Type"), json.loads(answer.read()))
        finally:
            connection.close()

    def get(self, path: str) -> object:
        """The decoded body of a GET that must succeed."""
        status, _, body = self.exchange("GET", path)
        assert status == 200, f"GET {path}: {status} {body}"
        return body

    def ctl(self, *arguments: object, check: bool = True, timeout: float = 30.0):
        """Runs heraldctl against this daemon."""
        return run(HERALDCTL, "--socket", self.socket, *arguments, check=check, timeout=timeout)

    def wait_logged(self, text: str) -> None:
        """Waits for a line with this text: a thread of its own writes the log, maybe after an
        answer has come."""
        wait_until(f"{text!r} is logged", lambda: text in self.process.output())

    def restart(self) -> dict:
        """Has the program on disk take over; says what became of each neighbor: "kept", or why
        not."""
        answer = json.loads(self.ctl("--json", "restart").stdout)
        assert all(each["kept"] == (each["reason"] is None) for each in answer["neighbors"])
        return {each["name"]: "kept" if each["kept"] else each["reason"]
                for each in answer["neighbors"]}

    def kill(self) -> None:
        """Ends the daemon at once."""
        if self.process:
            self.process.kill()
