"""The task that runs once a day: reads what is new, then computes the statistics anew."""

import sys
import time

from app.database import connect
from app.readings import Reading, parse_readings, statistics_of


def ingest_file(cursor, name, content):
    """Its readings, or what is wrong with it."""
    try:
        readings = parse_readings(content)
    except ValueError as error:
        cursor.execute("UPDATE files SET state = 'refused', problem = %s WHERE name = %s", (str(error), name))
        print(f"{name}: refused: {error}", flush=True)
        return False
    cursor.executemany(
        "INSERT INTO readings (file, station, celsius) VALUES (%s, %s, %s)",
        [(name, reading.station, reading.celsius) for reading in readings],
    )
    cursor.execute("UPDATE files SET state = 'ingested' WHERE name = %s", (name,))
    print(f"{name}: {len(readings)} readings", flush=True)
    return True


def write_statistics(cursor):
    """Of all readings."""
    cursor.execute("SELECT station, celsius FROM readings")
    found = statistics_of(Reading(*row) for row in cursor.fetchall())
    cursor.execute("DELETE FROM statistics")
    cursor.executemany(
        "INSERT INTO statistics VALUES (%s, %s, %s, %s, %s)",
        [(station, row["count"], row["mean"], row["least"], row["most"]) for station, row in found.items()],
    )
    print(f"statistics of {len(found)} stations", flush=True)


def main():
    """All in one transaction; 1 when a file was refused."""
    started = time.monotonic()
    connection = connect()
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, content FROM files WHERE state = 'new' ORDER BY name FOR UPDATE")
        good = [ingest_file(cursor, name, content) for name, content in cursor.fetchall()]
        write_statistics(cursor)
    connection.close()
    print(f"ingested {sum(good)} of {len(good)} files in {time.monotonic() - started:.1f} s", flush=True)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
