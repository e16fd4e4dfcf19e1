"""Signal drift: slow change of the signal that the scanner or the head makes, and no agent."""

from bolus.patient.drift.correct import correct_drift

__all__ = ["correct_drift"]
