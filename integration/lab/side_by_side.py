"""Cases that take seconds of waiting, all at once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Callable, Iterator, Sequence

import pytest

from lab.raw import RawLab

Case = Callable[[RawLab, str], None]
BOUND_SECONDS = 60.0


@contextmanager
def side_by_side(lab: RawLab, every: Sequence[Case]) -> Iterator[dict]:
    """Starts each case with a neighbor of its own, which has its name; what becomes of them."""
    with ThreadPoolExecutor(len(every)) as pool:
        yield {case: pool.submit(case, lab, case.__name__) for case in every}


def each_case(every: Sequence[Case]):
    """Parametrises a test with them: the RFC's section that begins a case's docstring names it."""
    return pytest.mark.parametrize("case", [
        pytest.param(case, id=f"{case.__doc__.split(':')[0].replace('§', '')}, {case.__name__}")
        for case in every])


def result_of(results: dict, case: Case) -> None:
    """Waits for a case and raises what it raised."""
    results[case].result(BOUND_SECONDS)
