"""Tables with tabs between columns, as BIDS has them."""

import csv
import io
import os
from collections.abc import Mapping, Sequence

from bolus.base.files import write_bytes

NOT_AVAILABLE = "n/a"
"""BIDS' word for a cell without a value."""


def write_table(path: str | os.PathLike[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Write rows that have the same keys, at least one; None is 'n/a'. Raises OutputError."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter="\t", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: NOT_AVAILABLE if v is None else v for k, v in row.items()})
    write_bytes(path, text.getvalue().encode())
