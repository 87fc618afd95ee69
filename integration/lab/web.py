"""The read-only listener of heraldd, as clients in the node's namespace see it."""

import http.client
import json

from lab.network import Namespace

ADDRESS, PORT = "127.0.0.1", 9179
LISTEN = f"{ADDRESS}:{PORT}"


class Connection(http.client.HTTPConnection):
    """HTTP to a port in a namespace."""

    def __init__(self, namespace: Namespace, port: int = PORT, timeout: float = 5.0):
        super().__init__(ADDRESS, port, timeout=timeout)
        self._namespace = namespace

    def connect(self) -> None:
        """Connects from within the namespace."""
        self.sock = self._namespace.connect(self.host, self.port)
        self.sock.settimeout(self.timeout)


def fetch(namespace: Namespace, path: str, method: str = "GET", port: int = PORT,
          content: object = None) -> tuple:
    """One request: status, header, and body as text."""
    connection = Connection(namespace, port)
    try:
        body = None if content is None else json.dumps(content)
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()
