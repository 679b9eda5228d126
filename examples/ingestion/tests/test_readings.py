"""Files and their statistics."""

import pytest

from app.readings import parse_readings, statistics_of


def test_statistics_are_of_each_station():
    """Count, mean, least, most."""
    readings = parse_readings("station,celsius\nA,10\nB,-3.5\nA,20\n")
    assert statistics_of(readings) == {
        "A": {"count": 2, "mean": 15.0, "least": 10.0, "most": 20.0},
        "B": {"count": 1, "mean": -3.5, "least": -3.5, "most": -3.5},
    }


@pytest.mark.parametrize("text", ["", "a,b\n", "station,celsius\nA,warm\n", "station,celsius\nA\n"])
def test_a_wrong_file_is_refused_with_its_line(text):
    """And not read in part."""
    with pytest.raises(ValueError, match="line [0-9]+: expected"):
        parse_readings(text)
