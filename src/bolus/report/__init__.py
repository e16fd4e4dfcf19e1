"""Results for people: the pictures, the sidecars, the summary, the folder."""

from bolus.report.bids import save_bids, write_bids
from bolus.report.comparison import save_comparison
from bolus.report.folder import write_report
from bolus.report.overview import overview, save_overview
from bolus.report.summary import NOTICE, closing_lines, software, summary

__all__ = [
    "NOTICE",
    "closing_lines",
    "overview",
    "save_bids",
    "save_comparison",
    "save_overview",
    "software",
    "summary",
    "write_bids",
    "write_report",
]
