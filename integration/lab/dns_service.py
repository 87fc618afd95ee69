"""A DNS server of one record: answers UDP queries at ADDRESS port 53 with NAME.

It also accepts TCP connections at 127.0.0.1, for a check that does not depend on the address. Run
as a program of its own, so that a scenario can kill it like any other daemon.
"""

import selectors
import socket
import sys

from dns_messages import answer

DNS_PORT, CHECK_PORT = 53, 8053


def main() -> None:
    """Serves until killed."""
    address, name = sys.argv[1:3]
    queries = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # The address may come later: herald can be the one that brings it.
    queries.setsockopt(socket.IPPROTO_IP, socket.IP_FREEBIND if hasattr(socket, "IP_FREEBIND")
                       else 15, 1)
    queries.bind((address, DNS_PORT))
    checks = socket.create_server(("127.0.0.1", CHECK_PORT))
    with selectors.DefaultSelector() as selector:
        selector.register(queries, selectors.EVENT_READ)
        selector.register(checks, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is checks:
                    checks.accept()[0].close()
                else:
                    query, client = queries.recvfrom(512)
                    queries.sendto(answer(query, name), client)


if __name__ == "__main__":
    main()
