"""ip(8) that is already running: a change of addresses takes it no start of a program."""

import subprocess
import time

from lab.network import Namespace


class IpBatch:
    """`ip -batch -` in a namespace. A context manager."""

    def __init__(self, namespace: Namespace):
        words = [str(word) for word in namespace.command("ip", "-force", "-batch", "-")]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self) -> "IpBatch":
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.stdin.close()
        self._process.wait(10.0)

    def tell(self, line: str) -> float:
        """Gives it one line of commands; the wall clock time just before."""
        told = time.time()
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return told
