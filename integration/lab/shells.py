"""What people's shells offer when they complete a line."""

import os
import pty
import select
import time
from pathlib import Path
from typing import Callable

from lab.herald import PROGRAMS, REPOSITORY
from lab.processes import run
from lab.waiting import wait_until

COMPLETIONS = REPOSITORY / "etc/completions"
PROMPT = "ready> "
# Control-T puts all that is offered into the line, Control-X the line into a file.
CLEAR_LINE, INSERT_ALL, WRITE_LINE = "\x15", "\x14", "\x18"
BASH_SETUP = f"""\
. {COMPLETIONS}/heraldctl.bash
bind '"\\C-t": insert-completions'
bind -x '"\\C-x": printf "%s\\n" "$READLINE_LINE" > "$OFFERS"'
PS1='{PROMPT}'
"""
ZSH_SETUP = f"""\
fpath=({COMPLETIONS} $fpath)
autoload -U compinit && compinit -u -D
zstyle ':completion:*' completer _all_matches _complete
zstyle ':completion:*:all-matches:*' insert true
zle -C insert-all complete-word _generic
write-line() {{ print -r -- "$BUFFER" > "$OFFERS" }}
zle -N write-line
bindkey '^T' insert-all '^X' write-line
PROMPT='{PROMPT}'
"""


class Shell:
    """A shell with heraldctl's completion. A context manager."""

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def offers(self, line: str) -> set:
        """What it offers in place of the line's last word."""
        raise NotImplementedError


class Fish(Shell):
    """fish, which says what it would offer."""

    def __init__(self, socket: Path, folder: Path):
        self._environment = _environment(socket, folder)

    def offers(self, line: str) -> set:
        script = f"source {COMPLETIONS}/heraldctl.fish; complete --do-complete '{line}'"
        done = run("fish", "--no-config", "-c", script, env=self._environment)
        return {offer.split("\t")[0] for offer in done.stdout.splitlines()}


class TypedShell(Shell):
    """An interactive shell, at whose terminal the line and the two keys are typed."""

    def __init__(self, words: list, env: dict, offered: Path):
        self._offered = offered
        self._terminal = Terminal(words, {**env, "OFFERS": str(offered)})
        self._terminal.read_until(PROMPT)

    def __exit__(self, *exception: object) -> None:
        self._terminal.close()

    def offers(self, line: str) -> set:
        self._offered.unlink(missing_ok=True)
        self._terminal.type_in(CLEAR_LINE + line + INSERT_ALL + WRITE_LINE)
        became = wait_until("the line is written", self._line).rstrip()
        self._terminal.drain()
        start = line[:line.rindex(" ") + 1]
        assert became.startswith(start.rstrip()), became
        return set() if became == line.rstrip() else set(became[len(start):].split())

    def _line(self) -> str:
        text = self._offered.read_text() if self._offered.exists() else ""
        return text if text.endswith("\n") else ""


def bash(socket: Path, folder: Path) -> Shell:
    """An interactive bash."""
    setup = folder / "bashrc"
    setup.write_text(BASH_SETUP)
    return TypedShell(["bash", "--noprofile", "--rcfile", str(setup), "-i"],
                      _environment(socket, folder), folder / "offered")


def zsh(socket: Path, folder: Path) -> Shell:
    """An interactive zsh."""
    (folder / ".zshrc").write_text(ZSH_SETUP)
    return TypedShell(["zsh", "--no-global-rcs", "-i"],
                      {**_environment(socket, folder), "ZDOTDIR": str(folder)}, folder / "offered")


SHELLS: dict[str, Callable[[Path, Path], Shell]] = {"bash": bash, "zsh": zsh, "fish": Fish}


def _environment(socket: Path, home: Path) -> dict:
    """For a shell whose heraldctl is the one that was built, and asks this socket."""
    return {"PATH": f"{PROGRAMS}:/usr/bin:/bin", "HERALD_SOCKET": str(socket), "TERM": "dumb",
            "HOME": str(home), "LC_ALL": "C.UTF-8"}


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, words: list, env: dict):
        self._pid, self._end = pty.fork()
        if self._pid == 0:
            os.execvpe(words[0], words, env)

    def close(self) -> None:
        """Hangs up and waits for the program's end."""
        os.close(self._end)
        os.waitpid(self._pid, 0)

    def type_in(self, keys: str) -> None:
        """Sends keys."""
        os.write(self._end, keys.encode())

    def drain(self) -> None:
        """Takes what was shown, so that the program can go on."""
        while select.select([self._end], [], [], 0)[0]:
            os.read(self._end, 65536)

    def read_until(self, text: str, timeout: float = 10.0) -> None:
        """Reads what is shown until the text is there."""
        shown, deadline = "", time.monotonic() + timeout
        while text not in shown:
            ready, _, _ = select.select([self._end], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no {text!r} within {timeout} s in {shown!r}"
            shown += os.read(self._end, 65536).decode(errors="replace")
