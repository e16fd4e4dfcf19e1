"""Digital patients and random curves with known truth."""

from bolus.phantom.arterial import ArterialShape, arterial_input, random_arterial_inputs
from bolus.phantom.curves import (
    CurvePrior,
    CurveTruth,
    PopulationPrior,
    SimulatedCurves,
    clean_curves,
    simulate_curves,
)
from bolus.phantom.folder import write_patient
from bolus.phantom.patient import (
    DigitalPatient,
    PatientMasks,
    PatientSettings,
    PatientTruth,
    simulate_patient,
)

__all__ = [
    "ArterialShape",
    "CurvePrior",
    "CurveTruth",
    "DigitalPatient",
    "PatientMasks",
    "PatientSettings",
    "PatientTruth",
    "PopulationPrior",
    "SimulatedCurves",
    "arterial_input",
    "clean_curves",
    "random_arterial_inputs",
    "simulate_curves",
    "simulate_patient",
    "write_patient",
]
