"""One patient: a series in, maps out."""

from bolus.patient.estimate import estimate, perfusion_maps, perfusion_of
from bolus.patient.given import REGIONS, Beside
from bolus.patient.measure import Measured, measure, measure_prepared
from bolus.patient.methods import method_name, method_or_weights
from bolus.patient.quantify import LeakageResult, quantify
from bolus.patient.ready import ready
from bolus.patient.result import PatientMaps
from bolus.patient.source import Said

__all__ = [
    "REGIONS",
    "Beside",
    "LeakageResult",
    "Measured",
    "PatientMaps",
    "Said",
    "estimate",
    "measure",
    "measure_prepared",
    "method_name",
    "method_or_weights",
    "perfusion_maps",
    "perfusion_of",
    "quantify",
    "ready",
]
