"""The histogram of a tumour's normalised CBV as a plot of the page."""

import numpy as np

from bolus.data import PerfusionMaps
from bolus.findings.histogram import Histogram, tumor_histogram
from bolus.report.page.plot import Band, Line, Plot

LEAST = 0.05
"""%: empty bins beyond the last one with so much are not drawn."""


def histogram_plot(maps: PerfusionMaps) -> Plot | None:
    """Expected shares with the ends of their 90 % intervals; None where there is no histogram."""
    found = tumor_histogram(maps)
    if found is None:
        return None
    burden, last = maps.preparation.burden, _last(found)
    lines = [_line("expected", "signal", found.edges, found.share, last)]
    if found.low is not None and found.high is not None:
        lines += [
            _line("low end", "axis0", found.edges, found.low, last),
            _line("high end", "axis1", found.edges, found.high, last),
        ]
    top = float(found.edges[last])
    bands = [Band(label="undecided", look="baseline", low=burden.low, high=min(burden.high, top))]
    ends = " and the ends of their 90 % intervals, bin by bin" if found.low is not None else ""
    return Plot(
        title="Normalised rCBV of the tumour",
        told=f"Shares of the tumour\u2019s voxels{ends}. Shaded: between the thresholds of the "
        f"tumour burden, {burden.low:g} and {burden.high:g}.",
        x_label="CBV over that of the reference",
        y_label="share, %",
        lines=lines,
        bands=bands if burden.low < top else (),
    )


def _last(found: Histogram) -> int:
    """The end of the last bin that is drawn."""
    top = found.share if found.high is None else found.high
    return int(np.flatnonzero(top >= LEAST).max()) + 1


def _line(label: str, look: str, edges: np.ndarray, shares: np.ndarray, last: int) -> Line:
    """Steps from bin to bin."""
    x = np.repeat(edges[: last + 1], 2)[1:-1]
    return Line(label=label, look=look, x=x, y=np.repeat(shares[:last], 2))
