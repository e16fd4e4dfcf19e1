"""bolus: perfusion maps from dynamic susceptibility contrast MRI.

Research software, not a medical device. The names below are imported when first used, so that
``import bolus`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bolus.data import AIF, DSCSeries, Perfusion, PerfusionMaps, Preparation, Quality
    from bolus.data.errors import BolusError
    from bolus.estimators import METHODS, deconvolve
    from bolus.estimators.phae import from_weights, read_weights
    from bolus.followup import compare_maps
    from bolus.io import read_series
    from bolus.options import MapOptions
    from bolus.patient import PatientMaps, perfusion_maps
    from bolus.phantom import simulate_patient
    from bolus.preprocess import two_echoes

__all__ = [
    "AIF",
    "METHODS",
    "BolusError",
    "DSCSeries",
    "MapOptions",
    "PatientMaps",
    "Perfusion",
    "PerfusionMaps",
    "Preparation",
    "Quality",
    "compare_maps",
    "deconvolve",
    "from_weights",
    "perfusion_maps",
    "read_series",
    "read_weights",
    "simulate_patient",
    "two_echoes",
]

_HOMES = {
    "AIF": "bolus.data",
    "BolusError": "bolus.data",
    "DSCSeries": "bolus.data",
    "MapOptions": "bolus.options",
    "METHODS": "bolus.estimators",
    "PatientMaps": "bolus.patient",
    "Perfusion": "bolus.data",
    "PerfusionMaps": "bolus.data",
    "Preparation": "bolus.data",
    "Quality": "bolus.data",
    "compare_maps": "bolus.followup",
    "deconvolve": "bolus.estimators",
    "from_weights": "bolus.estimators.phae",
    "perfusion_maps": "bolus.patient",
    "read_series": "bolus.io",
    "read_weights": "bolus.estimators.phae",
    "simulate_patient": "bolus.phantom",
    "two_echoes": "bolus.preprocess",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("bolus")
    if name not in _HOMES:
        raise AttributeError(f"module 'bolus' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
