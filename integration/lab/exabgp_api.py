"""The process that ExaBGP runs for the lab: it keeps what ExaBGP tells and passes commands on.

    exabgp_api.py RECORD COMMANDS

What comes from ExaBGP, a JSON object a line, goes to the file RECORD. What is written to the FIFO
COMMANDS goes to ExaBGP.
"""

import sys
import threading


def pass_commands(fifo: str) -> None:
    """Every writer's lines, one writer after the other."""
    while True:
        with open(fifo, encoding="utf-8") as commands:
            for line in commands:
                print(line, end="", flush=True)


def main() -> None:
    """Until ExaBGP is gone."""
    record, fifo = sys.argv[1:]
    threading.Thread(target=pass_commands, args=[fifo], daemon=True).start()
    with open(record, "a", encoding="utf-8") as kept:
        for line in sys.stdin:
            kept.write(line)
            kept.flush()


if __name__ == "__main__":
    main()
