"""What maps and regions are called in DICOM: codes of methods and segments.

Those of quantities and units stand in ``bolus.data.quantities``.

Codes come from DICOM PS3.16 (DCM; CID 4108 and 4109 for what is measured, CID 4106 for how),
SNOMED CT (SCT), the NCI Thesaurus (NCIt) and UCUM. Where none of these has a word, a private one of
the scheme 99BOLUS stands.
"""

from typing import NamedTuple

from bolus.data import QUANTITIES, PerfusionMaps, is_sd, plain_name, quantity_of
from bolus.data.codes import Concept

QUANTITY = Concept("246205007", "SCT", "Quantity")
METHOD = Concept("370129005", "SCT", "Measurement Method")
DERIVATION = Concept("121401", "DCM", "Derivation")
STANDARD_DEVIATION = Concept("386136009", "SCT", "Standard Deviation")
PERFUSION_ANALYSIS = Concept("129104", "DCM", "Perfusion image analysis")
SEGMENTATION = Concept("113076", "DCM", "Segmentation")
SOURCE_IMAGE = Concept("121322", "DCM", "Source image for image processing operation")


SD_NUMBER, REGIONS_NUMBER, NUMBERS_NUMBER, PICTURE_NUMBER = 20, 50, 60, 100
"""Places among the series: an SD's is that of its map and so many more; those of the regions and
of the numbers measured in them; a picture's is that of its map and so many more."""

SUSCEPTIBILITY = Concept("126303", "DCM", "Perfusion analysis by Susceptibility MR technique")
_ARTERIES = {
    "automatic": Concept("126363", "DCM", "Automatically Detected AIF ROI"),
    "mask": Concept("126362", "DCM", "User-defined AIF ROI"),
}


def told_of(name: str) -> str:
    """What a map shows, in at most 64 characters."""
    if is_sd(name):
        return f"{quantity_of(name).title}: half the central 68.27 % credible interval"
    return quantity_of(name).meaning


def number_of(name: str) -> int:
    """The place of a map's series among those written."""
    own = 1 + list(QUANTITIES).index(plain_name(name))
    return own + SD_NUMBER if is_sd(name) else own


def methods_of(maps: PerfusionMaps, name: str) -> list[Concept]:
    """How a map was measured: the kind of perfusion MRI, arterial input, deconvolution, leakage.

    Of these only what the map was made with.
    """
    found, quantity = [SUSCEPTIBILITY], quantity_of(name)
    if quantity.estimated and maps.aif.origin in _ARTERIES:
        found.append(_ARTERIES[maps.aif.origin])
    if quantity.estimated and maps.description is not None and maps.description.code is not None:
        found.append(maps.description.code)
    if quantity.corrected and maps.leakage_model is not None:
        found.append(maps.leakage_model.code)
    return found


_HISTOGRAM = Concept("123105", "DCM", "Histogram Analysis")
_CLUSTERS = Concept("123107", "DCM", "Cluster Analysis")


class Segment(NamedTuple):
    """A region: its label, property category and type, and the anatomy it lies in.

    ``family`` is the kind of algorithm (CID 7162) that finds it where it is found: a threshold
    unless something else is said.
    """

    label: str
    category: Concept
    type: Concept
    region: Concept | None
    family: Concept = _HISTOGRAM


BRAIN = Concept("12738006", "SCT", "Brain")
_TISSUE = Concept("85756007", "SCT", "Tissue")
_PLACE = Concept("309825002", "SCT", "Spatial and Relational Concept")
_ABNORMAL = Concept("49755003", "SCT", "Morphologically Abnormal Structure")
_ISCHEMIA = Concept("52674009", "SCT", "Ischemia")
SEGMENTS = {
    "brain": Segment("brain", Concept("91723000", "SCT", "Anatomical Structure"), BRAIN, None),
    "aif": Segment(
        "arterial input", _TISSUE, Concept("51114001", "SCT", "Artery"), BRAIN, _CLUSTERS
    ),
    "vein": Segment("vein", _TISSUE, Concept("29092000", "SCT", "Vein"), BRAIN, _CLUSTERS),
    "tumor": Segment(
        "tumor",
        _ABNORMAL,
        Concept("108369006", "SCT", "Neoplasm"),
        BRAIN,
    ),
    "reference": Segment("reference", _PLACE, Concept("C94970", "NCIt", "Reference Region"), BRAIN),
    "hypoperfused": Segment("late tissue", _ABNORMAL, _ISCHEMIA, BRAIN),
    "low_flow": Segment("low flow", _ABNORMAL, _ISCHEMIA, BRAIN),
    "core": Segment("infarct core", _ABNORMAL, Concept("55641003", "SCT", "Infarct"), BRAIN),
}
"""What is known of regions, by the name they have in ``PerfusionMaps.regions``."""
_LONGEST = 64


def segment_of(name: str) -> Segment:
    """The entry of a region; one that SEGMENTS does not have is an image region of its name."""
    if name in SEGMENTS:
        return SEGMENTS[name]
    kind = Concept("111030", "DCM", "Image Region")
    return Segment(name.replace("_", " ")[:_LONGEST], _PLACE, kind, BRAIN)
