"""What maps and regions are called in DICOM: codes of quantities, units, methods and segments.

Codes come from DICOM PS3.16 (DCM; CID 4108 and 4109 for what is measured, CID 4106 for how),
SNOMED CT (SCT), the NCI Thesaurus (NCIt) and UCUM. Where none of these has a word, a private one of
the scheme 99BOLUS stands.
"""

from typing import NamedTuple

from bolus.data import PerfusionMaps


class Concept(NamedTuple):
    """A code, the scheme it belongs to, and what it means."""

    value: str
    scheme: str
    meaning: str


PRIVATE = "99BOLUS"
PRIVATE_NAME = "Terms of the perfusion software bolus"

QUANTITY = Concept("246205007", "SCT", "Quantity")
METHOD = Concept("370129005", "SCT", "Measurement Method")
DERIVATION = Concept("121401", "DCM", "Derivation")
STANDARD_DEVIATION = Concept("386136009", "SCT", "Standard Deviation")
PERFUSION_ANALYSIS = Concept("129104", "DCM", "Perfusion image analysis")
SEGMENTATION = Concept("113076", "DCM", "Segmentation")
SOURCE_IMAGE = Concept("121322", "DCM", "Source image for image processing operation")


class Quantity(NamedTuple):
    """What a map shows.

    ``number`` is its place among the series, ``told`` says it in at most 64 characters, ``code``
    where the map is absolute and ``relative`` where it is not (None: there is no difference).
    """

    number: int
    told: str
    code: Concept
    relative: Concept | None = None


_FLOW = (
    Concept("126390", "DCM", "Absolute Regional Blood Flow"),
    Concept("126397", "DCM", "Relative Regional Blood Flow"),
)
_VOLUME = (
    Concept("126391", "DCM", "Absolute Regional Blood Volume"),
    Concept("126398", "DCM", "Relative Regional Blood Volume"),
)
QUANTITIES = {
    "cbf": Quantity(1, "Cerebral blood flow", *_FLOW),
    "cbv": Quantity(2, "Cerebral blood volume", *_VOLUME),
    "mtt": Quantity(3, "Mean transit time", Concept("113052", "DCM", "Mean Transit Time")),
    "tmax": Quantity(
        4, "Time of the maximum of the impulse response", Concept("113084", "DCM", "Tmax")
    ),
    "delay": Quantity(
        5,
        "Bolus arrival after that of the arterial input, signed",
        Concept("126371", "DCM", "Bolus Arrival Time"),
    ),
    "ttp": Quantity(
        6, "Time to peak, from the first used frame", Concept("113069", "DCM", "Time To Peak")
    ),
    "cbv_corrected": Quantity(7, "Cerebral blood volume, corrected for leakage", *_VOLUME),
    "k2": Quantity(
        8, "Leakage coefficient K2", Concept("K2", PRIVATE, "Leakage coefficient K2 of DSC-MRI")
    ),
    "misfit": Quantity(
        9,
        "RMS of curve minus model, over that of the noise",
        Concept("misfit", PRIVATE, "Root mean square residual over noise"),
    ),
}
SD_NUMBER, REGIONS_NUMBER = 20, 50
"""Places among the series: an SD's is that of its map and so many more; that of the regions."""

UNITS = {
    "mL/100g/min": Concept("ml/[100]g/min", "UCUM", "milliliter per 100 gram per minute"),
    "mL/100g": Concept("ml/[100]g", "UCUM", "milliliter per 100 gram"),
    "relative": Concept("{ratio}", "UCUM", "ratio"),
    "s": Concept("s", "UCUM", "second"),
    "1/s": Concept("/s", "UCUM", "per second"),
    "1": Concept("1", "UCUM", "no units"),
}

_SUSCEPTIBILITY = Concept("126303", "DCM", "Perfusion analysis by Susceptibility MR technique")
_ARTERIES = {
    "automatic": Concept("126363", "DCM", "Automatically Detected AIF ROI"),
    "mask": Concept("126362", "DCM", "User-defined AIF ROI"),
}
_SVD = Concept("126311", "DCM", "Singular Value Decomposition (SVD) deconvolution")
_LEAKAGE = {
    "bsw": Concept("leakage-bsw", PRIVATE, "Leakage correction, Boxerman-Schmainda-Weisskoff"),
    "free": Concept("leakage-free", PRIVATE, "Leakage correction, any vascular curve, washout"),
}


def quantity_of(name: str, relative: bool) -> Concept:
    """The code of what a map, or the map of which it is the SD, shows."""
    found = QUANTITIES[name.removesuffix("_sd")]
    return found.relative if relative and found.relative is not None else found.code


def told_of(name: str) -> str:
    """What a map shows, in at most 64 characters."""
    if name.endswith("_sd"):
        return f"{name.removesuffix('_sd').upper()}: half the central 68.27 % credible interval"
    return QUANTITIES[name].told


def number_of(name: str) -> int:
    """The place of a map's series among those written."""
    own = QUANTITIES[name.removesuffix("_sd")].number
    return own + SD_NUMBER if name.endswith("_sd") else own


def methods_of(maps: PerfusionMaps, name: str) -> list[Concept]:
    """How a map was measured: the kind of perfusion MRI, arterial input, deconvolution, leakage."""
    found = [_SUSCEPTIBILITY]
    if maps.aif.origin in _ARTERIES:
        found.append(_ARTERIES[maps.aif.origin])
    if maps.method in ("svd", "csvd", "osvd"):
        found.append(_SVD)
    if maps.leakage_model is not None and name.removesuffix("_sd") != "cbv":
        found.append(_LEAKAGE[maps.leakage_model])
    return found


class Segment(NamedTuple):
    """A region: its label, property category and type, and the anatomy it lies in."""

    label: str
    category: Concept
    type: Concept
    region: Concept | None


_TISSUE = Concept("85756007", "SCT", "Tissue")
_BRAIN = Concept("12738006", "SCT", "Brain")
SEGMENTS = {
    "brain": Segment("brain", Concept("91723000", "SCT", "Anatomical Structure"), _BRAIN, None),
    "aif": Segment("arterial input", _TISSUE, Concept("51114001", "SCT", "Artery"), _BRAIN),
    "tumor": Segment(
        "tumor",
        Concept("49755003", "SCT", "Morphologically Abnormal Structure"),
        Concept("108369006", "SCT", "Neoplasm"),
        _BRAIN,
    ),
    "reference": Segment(
        "reference",
        Concept("309825002", "SCT", "Spatial and Relational Concept"),
        Concept("C94970", "NCIt", "Reference Region"),
        _BRAIN,
    ),
}
FAMILIES = {
    "brain": Concept("123105", "DCM", "Histogram Analysis"),
    "aif": Concept("123107", "DCM", "Cluster Analysis"),
}
"""Kinds of algorithm (CID 7162) that find a region: a threshold, and a choice among curves."""
