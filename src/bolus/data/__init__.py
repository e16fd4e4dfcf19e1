"""Validated, frozen types and the errors: what the rooms of the package hand each other."""

from bolus.data.aif import AIF, ArterialScore, Criterion, Vein
from bolus.data.anatomy import AnatomicalImage, Anatomy
from bolus.data.curves import TissueCurves
from bolus.data.description import Citation, Description
from bolus.data.drift import Drift
from bolus.data.errors import (
    AmbiguousInputError,
    ArterialInputError,
    BolusError,
    BolusNotFoundError,
    CurveError,
    InputError,
    MaskError,
    MethodError,
    NetworkError,
    NoPosteriorError,
    OutputError,
    RegistrationError,
    RegistrationScore,
    SeriesError,
    WeightsError,
)
from bolus.data.grid import Grid
from bolus.data.identity import Identity
from bolus.data.leakage import LeakageEstimate, LeakageModel, LeakagePlaces, LeakageProblem
from bolus.data.maps import FLAGGED, Map, PerfusionMaps, Quality
from bolus.data.motion import Motion
from bolus.data.options import (
    Blood,
    Burden,
    Censoring,
    DriftCorrection,
    LeakageCorrection,
    MotionCorrection,
    Preparation,
    StrokeThresholds,
    Unmixing,
)
from bolus.data.perfusion import PARAMETERS, Perfusion, Posterior
from bolus.data.prepared import PreparedSeries
from bolus.data.quantities import QUANTITIES, Quantity, is_sd, plain_name, quantity_of
from bolus.data.series import DSCSeries, FrameWindow, Source

__all__ = [
    "AIF",
    "FLAGGED",
    "PARAMETERS",
    "QUANTITIES",
    "AmbiguousInputError",
    "AnatomicalImage",
    "Anatomy",
    "ArterialInputError",
    "ArterialScore",
    "Blood",
    "BolusError",
    "BolusNotFoundError",
    "Burden",
    "Censoring",
    "Citation",
    "Criterion",
    "CurveError",
    "DSCSeries",
    "Description",
    "Drift",
    "DriftCorrection",
    "FrameWindow",
    "Grid",
    "Identity",
    "InputError",
    "LeakageCorrection",
    "LeakageEstimate",
    "LeakageModel",
    "LeakagePlaces",
    "LeakageProblem",
    "Map",
    "MaskError",
    "MethodError",
    "Motion",
    "MotionCorrection",
    "NetworkError",
    "NoPosteriorError",
    "OutputError",
    "Perfusion",
    "PerfusionMaps",
    "Posterior",
    "Preparation",
    "PreparedSeries",
    "Quality",
    "Quantity",
    "RegistrationError",
    "RegistrationScore",
    "SeriesError",
    "Source",
    "StrokeThresholds",
    "TissueCurves",
    "Unmixing",
    "Vein",
    "WeightsError",
    "is_sd",
    "plain_name",
    "quantity_of",
]
