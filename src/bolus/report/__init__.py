"""Results for people: the pictures, the sidecars, the summary, the folder."""

from bolus.report.bids import save_bids, write_bids
from bolus.report.figures.comparison import save_comparison
from bolus.report.figures.overview import overview, save_overview
from bolus.report.figures.plots import plot_curves, plot_map
from bolus.report.folder import write_report
from bolus.report.text.summary import closing_lines, summary

__all__ = [
    "closing_lines",
    "overview",
    "plot_curves",
    "plot_map",
    "save_bids",
    "save_comparison",
    "save_overview",
    "summary",
    "write_bids",
    "write_report",
]
