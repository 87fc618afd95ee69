"""A withdrawal follows the verdict without a timer in between."""

from lab.reaction import measure


def test_reaction_takes_under_a_millisecond():
    """The median of twenty failures; a machine that is busy may delay single ones."""
    seconds = sorted(measure(20))
    assert all(second > 0 for second in seconds)
    assert seconds[len(seconds) // 2] < 0.001
