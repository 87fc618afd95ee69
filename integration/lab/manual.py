"""What the manuals tell people to do, as they are installed."""

import gzip
import re
import textwrap
from pathlib import Path

from lab.processes import run

DISPLAY_INDENT = " " * 11


def examples(page: Path) -> list:
    """The displays of a compressed page's section EXAMPLES: commands, or contents of files."""
    rendered = run("mandoc", "-T", "ascii", stdin=gzip.decompress(page.read_bytes()).decode())
    plain = re.sub(".\b", "", rendered.stdout)
    section = re.search(r"^EXAMPLES\n(.*?)^\S", plain, re.DOTALL | re.MULTILINE)
    assert section, f"{page} has no EXAMPLES"
    found: list = []
    continued = False
    for line in section[1].splitlines(keepends=True):
        shown = line.startswith(DISPLAY_INDENT) or (continued and not line.strip())
        if shown and continued:
            found[-1] += line
        elif shown:
            found.append(line)
        continued = shown
    return [textwrap.dedent(display).strip() + "\n" for display in found]


def commands(display: str) -> list:
    """The lines of a display that are typed at root's prompt."""
    return [line.removeprefix("# ") for line in display.splitlines() if line.startswith("# ")]
