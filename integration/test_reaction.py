"""A withdrawal follows the verdict without a timer in between."""

from statistics import median

import pytest

from lab.reaction import distribution, measure
from lab.round_trip import MANY

pytestmark = pytest.mark.measures


def test_reaction_waits_for_nothing():
    """The median of twenty failures, against packets that a process answers in the same minute:
    a machine that is busy delays both."""
    reactions, round_trips = measure(20)
    print("verdict -> withdrawal:", distribution(reactions))
    print("round trips:", distribution(round_trips))
    assert all(second > 0 for second in reactions)
    assert median(reactions) < MANY * median(round_trips)
