"""List what the course says of others by the day to look again: ``python -m tools.claims``.

With a date, ``python -m tools.claims 2027-01-31``, it lists what is due by then.
"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib.resources import files


def due(rows: Iterable[Mapping[str, str]], by: date = date.max) -> Iterator[str]:
    """Yield a line for each claim to look at again by a day, the earliest first."""
    for row in sorted(rows, key=lambda row: row["look again by"]):
        if date.fromisoformat(row["look again by"]) <= by:
            read = row["read on"] or "no date"
            yield f"{row['look again by']}  {row['stands']}\n    {row['claim']}\n" + (
                f"    {row['source']} (read: {read})"
            )


if __name__ == "__main__":
    table = files("softmax_temperature").joinpath("data/claims.csv").read_text("utf-8")
    until = [date.fromisoformat(day) for day in sys.argv[1:2]]
    print(*due(csv.DictReader(table.splitlines()), *until), sep="\n")
