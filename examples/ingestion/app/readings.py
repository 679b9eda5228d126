"""Files of readings: lines of `station,celsius` below that header."""

import csv
import io
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True)
class Reading:
    """One line."""

    station: str
    celsius: float


def parse_readings(text):
    """All lines of a file; a ValueError names the first that is wrong."""
    rows = csv.DictReader(io.StringIO(text))
    if rows.fieldnames != ["station", "celsius"]:
        raise ValueError(f"line 1: expected station,celsius, found {rows.fieldnames}")
    readings = []
    for row in rows:
        try:
            readings.append(Reading(row["station"], float(row["celsius"])))
        except (TypeError, ValueError) as error:
            raise ValueError(f"line {rows.line_num}: expected a number of degrees, found {row}") from error
    return readings


def statistics_of(readings):
    """Count, mean, least and most of each station."""
    stations = {}
    for reading in readings:
        stations.setdefault(reading.station, []).append(reading.celsius)
    return {
        station: {"count": len(values), "mean": round(fmean(values), 2), "least": min(values), "most": max(values)}
        for station, values in stations.items()
    }
