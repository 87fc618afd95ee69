"""The interoperation matrix: a row for each feature, a column for each router."""

from typing import Mapping, Type

import pytest

from lab.bird import Bird
from lab.exabgp import ExaBgp
from lab.features import AS_TRANS_PATH, FEATURES, LINK_LOCAL, NO_HOLD_TIME
from lab.frr_peer import Frr
from lab.gobgp import GoBgp
from lab.impossible import IMPOSSIBLE
from lab.kinds import KINDS, Kind
from lab.openbgpd import OpenBgpd
from lab.peer import PeerRouter

IMPLEMENTATIONS = (Frr, Bird, GoBgp, OpenBgpd, ExaBgp)
# The kinds that some routers refuse or fail with, and the features they are for.
DEMANDING = {"link_local": LINK_LOCAL, "as_trans": AS_TRANS_PATH, "no_hold": NO_HOLD_TIME}
COLUMN, FIRST_COLUMN = 11, 44
CELL = "cell of the matrix"  # among what a report carries

assert all(router in {one.label for one in IMPLEMENTATIONS} and name in FEATURES
           for router, name in IMPOSSIBLE), "a cell that is not there cannot be impossible"


def feature(name: str) -> pytest.MarkDecorator:
    """Marks a scenario as the cells of one row."""
    assert name in FEATURES, name
    return pytest.mark.feature(name)


def kinds_for(implementation: Type[PeerRouter]) -> Mapping[str, Kind]:
    """The kinds of session that can be written in this router's configuration."""
    return {name: kind for name, kind in KINDS.items()
            if (implementation.label, DEMANDING.get(name)) not in IMPOSSIBLE}


def cell_of(item: pytest.Item) -> tuple:
    """Router and feature of a scenario of the matrix; nothing of any other one's."""
    marker = item.get_closest_marker("feature")
    if not marker:
        return ()
    return item.callspec.params["implementation"].label, marker.args[0]


class Matrix:
    """What came of each cell: a plugin of pytest, in the process that reports come to."""

    def __init__(self) -> None:
        self._cells: dict = {}
        self._seconds: dict = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps the worse one of what was known and what the report says."""
        cell = tuple(dict(report.user_properties).get(CELL, ()))
        if cell:
            self._record(cell, report)

    def pytest_terminal_summary(self, terminalreporter) -> None:
        """Prints the table."""
        lines = self._lines()
        if lines:
            terminalreporter.section("interoperation matrix")
            terminalreporter.write("\n".join(lines) + "\n")

    def _record(self, cell: tuple, report: pytest.TestReport) -> None:
        self._seconds[cell[0]] = self._seconds.get(cell[0], 0.0) + report.duration
        if report.failed:
            self._cells[cell] = "FAILED"
        elif report.skipped:
            self._cells[cell] = "-"
        elif report.when == "call":
            self._cells.setdefault(cell, "ok")

    def _lines(self) -> list:
        """The matrix as text; nothing where no cell was run."""
        if not self._cells:
            return []
        notes: list = []
        rows = [self._row("", [router.label for router in IMPLEMENTATIONS]),
                self._row("", [router.version() for router in IMPLEMENTATIONS])]
        rows += [self._row(name, [self._shown((router.label, name), notes)
                                  for router in IMPLEMENTATIONS]) for name in FEATURES]
        rows.append(self._row("seconds", [f"{self._seconds.get(router.label, 0):.0f}"
                                          for router in IMPLEMENTATIONS]))
        return [*rows, "", *(f"{number:2} {note}" for number, note in enumerate(notes, 1))]

    def _shown(self, cell: tuple, notes: list) -> str:
        outcome = self._cells.get(cell, "not run")
        if outcome != "-":
            return outcome
        note = f"{cell[0]} {IMPOSSIBLE[cell]}"
        if note not in notes:
            notes.append(note)
        return f"- ({notes.index(note) + 1})"

    @staticmethod
    def _row(name: str, shown: list) -> str:
        return name.ljust(FIRST_COLUMN) + "".join(text.rjust(COLUMN) for text in shown)
