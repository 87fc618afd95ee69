"""Programs: run to the end, or started and kept by their process id."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Optional, Sequence

STOP_SECONDS = 10.0


def run(*command: object, check: bool = True, stdin: Optional[str] = None,
        timeout: float = 60.0, env: Optional[dict] = None) -> subprocess.CompletedProcess:
    """Runs a command to its end and returns it with its output as text."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=timeout,
                          check=False, env=env)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: exit {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
    return done


class Process:
    """A program in the background whose output goes to a file.

    The kernel kills it when this process dies, save where it changes its user (FRR does); the
    next lab removes those with their namespace.
    """

    def __init__(self, command: Sequence[object], log: Path, env: Optional[dict] = None):
        self.log = log
        words = ["setpriv", "--pdeathsig", "KILL", "--", *(str(word) for word in command)]
        with log.open("ab") as output:
            self._child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output,
                                           stderr=output, env=env, start_new_session=True)

    @property
    def pid(self) -> int:
        """The process id of the program itself: nothing in between forks."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._child.poll() is None

    def children(self) -> list:
        """The ids of its child processes, those not yet reaped included."""
        found: list = []
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with suppress(FileNotFoundError):  # it has ended meanwhile
                found += (thread / "children").read_text().split()
        return found

    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident_bytes(self) -> int:
        """Its resident memory."""
        pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """The CPU time it has used, in user and in kernel mode."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        user, system = after_name[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to this process alone."""
        self._child.send_signal(number)

    def wait(self, timeout: float = STOP_SECONDS) -> int:
        """Waits for the end and returns the exit status (negative: the signal's number)."""
        return self._child.wait(timeout)

    def kill(self) -> None:
        """Ends it at once, with its end awaited. Does nothing where it has ended."""
        if self.running:
            self._child.kill()
        self._child.wait(STOP_SECONDS)

    def stop(self) -> int:
        """Asks it to end with SIGTERM; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def output(self) -> str:
        """All it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")
