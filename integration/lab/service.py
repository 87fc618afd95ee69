"""The service whose health herald watches, as a scenario starts and kills it."""

import sys
from pathlib import Path
from typing import Optional

from lab.network import Namespace
from lab.processes import Process
from lab.waiting import wait_until

PROGRAM = Path(__file__).with_name("tcp_service.py")


class Service:
    """A TCP server in a namespace."""

    def __init__(self, namespace: Namespace, log: Path, address: str, port: int):
        self.namespace, self.log = namespace, log
        self.address, self.port = address, port
        self._process: Optional[Process] = None

    def start(self) -> None:
        """Starts it and returns when it accepts connections."""
        self._process = self.namespace.start(
            [sys.executable, PROGRAM, self.address, self.port], self.log)
        wait_until("the service accepts", self._accepts)

    def _accepts(self) -> bool:
        try:
            self.namespace.connect(self.address, self.port).close()
        except ConnectionRefusedError:
            return False
        return True

    def kill(self) -> None:
        """Ends it without warning."""
        if self._process:
            self._process.kill()
            self._process = None
