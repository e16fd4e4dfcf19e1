"""Every map that a result can hold: its name, meaning, unit, codes and display, in one list.

A new map is an entry here, its formula in ``bolus.physics`` and a line in ``quantify``; files,
sidecars, BIDS, DICOM, page, viewer and study read this list (docs/extending.md).
"""

from enum import StrEnum
from typing import NamedTuple

from bolus.data.codes import PRIVATE, Concept
from bolus.data.display import SIGNED, Display, Fixed, FromZero, Percentiles, Symmetric
from bolus.data.errors import InputError

SD = "_sd"
"""What follows the name of a map in that of its standard deviation."""
ALONE = "cbv_alone"
"""The map of blood volume that methods have which draw voxels to their neighbours: without that."""
MTT_ALONE = "mtt_alone"
"""Their map of transit time, as it is before the blood volume is drawn."""
SD_DISPLAY = Display("cividis", FromZero(3))


class Unit(NamedTuple):
    """A unit: as files state it, as people read it, and its UCUM code."""

    written: str
    printed: str
    code: Concept


FLOW = Unit("mL/100g/min", "mL/100 g/min",
            Concept("ml/[100]g/min", "UCUM", "milliliter per 100 gram per minute"))  # fmt: skip
VOLUME = Unit("mL/100g", "mL/100 g", Concept("ml/[100]g", "UCUM", "milliliter per 100 gram"))
_RATIO = Concept("{ratio}", "UCUM", "ratio")
RELATIVE_FLOW = Unit("relative", "1/s, relative", _RATIO)
RELATIVE_VOLUME = Unit("relative", "relative", _RATIO)
PLAIN_RATIO = Unit("1", "ratio", _RATIO)
SECONDS = Unit("s", "s", Concept("s", "UCUM", "second"))
RATE = Unit("1/s", "1/s", Concept("/s", "UCUM", "per second"))
PERCENT = Unit("%", "%", Concept("%", "UCUM", "percent"))
DIFFUSION = Unit("mm2/s", "mm²/s", Concept("mm2/s", "UCUM", "square millimeter per second"))
NOISE = Unit("1", "× noise", Concept("1", "UCUM", "no units"))


class Ratio(StrEnum):
    """How a map is compared between tumour and reference."""

    NONE = "none"
    PLAIN = "plain"
    LOGARITHM = "logarithm"


class Quantity(NamedTuple):
    """One map.

    ``name`` is that of its file, ``title`` what buttons and headings say, ``meaning`` says it in
    at most 64 characters and ``definition`` in a sentence, ``caplex`` is its item in the OSIPI
    lexicon (None where it has none). ``unit`` is that of an absolute map and ``relative`` that of
    one without echo time, ``code`` and ``relative_code`` are the DICOM terms for both; where a
    relative one is None it is the same. ``estimated``: the method makes it of curves and arterial
    input; else it comes of the signal, the curves or the fit of leakage. ``corrected``: where
    leakage is corrected it comes of that, else it is made as without. ``timed``: there is a value
    only where a bolus was seen. ``ratio`` says how tumour and reference are compared by it.
    ``lesser``: a page of a large grid may leave the map out. ``regional``: it is made of another
    map and the regions, and changes with them.
    """

    name: str
    title: str
    meaning: str
    definition: str
    unit: Unit
    code: Concept
    display: Display
    estimated: bool
    corrected: bool
    caplex: str | None = None
    relative: Unit | None = None
    relative_code: Concept | None = None
    timed: bool = False
    ratio: Ratio = Ratio.NONE
    lesser: bool = False
    regional: bool = False

    def unit_of(self, relative: bool) -> Unit:
        """The unit of an absolute map, or of a relative one."""
        return self.relative if relative and self.relative is not None else self.unit

    def code_of(self, relative: bool) -> Concept:
        """The DICOM term of an absolute map, or of a relative one."""
        return self.relative_code if relative and self.relative_code is not None else self.code

    @property
    def scaled(self) -> bool:
        """Whether an absolute value has the factor κ/ρ: flows and volumes of blood."""
        return self.unit in (FLOW, VOLUME)

    @property
    def within(self) -> str:
        """The title within a sentence: 'CBF', 'corrected CBV'."""
        return self.title if self.title[:2].isupper() else self.title[0].lower() + self.title[1:]

    @property
    def described(self) -> str:
        """The definition with its CAPLEX code."""
        return self.definition if self.caplex is None else f"{self.definition} ({self.caplex_code})"

    @property
    def caplex_code(self) -> str:
        """'CAPLEX Q.…'; '' for a quantity that the lexicon does not have."""
        return "" if self.caplex is None else f"CAPLEX {self.caplex}"


_BLOOD_VOLUME = (
    Concept("126391", "DCM", "Absolute Regional Blood Volume"),
    Concept("126398", "DCM", "Relative Regional Blood Volume"),
)
_LIST = (
    Quantity(
        name="cbf",
        title="CBF",
        meaning="Cerebral blood flow",
        definition="Cerebral blood flow, the maximum of the impulse response",
        caplex="Q.PH1.003",
        unit=FLOW,
        relative=RELATIVE_FLOW,
        code=Concept("126390", "DCM", "Absolute Regional Blood Flow"),
        relative_code=Concept("126397", "DCM", "Relative Regional Blood Flow"),
        display=Display("inferno", FromZero(3)),
        estimated=True,
        corrected=True,
        ratio=Ratio.PLAIN,
    ),
    Quantity(
        name="cbv",
        title="CBV",
        meaning="Cerebral blood volume",
        definition="Cerebral blood volume",
        caplex="Q.PH1.001",
        unit=VOLUME,
        relative=RELATIVE_VOLUME,
        code=_BLOOD_VOLUME[0],
        relative_code=_BLOOD_VOLUME[1],
        display=Display("magma", FromZero(3)),
        estimated=True,
        corrected=False,
        ratio=Ratio.PLAIN,
    ),
    Quantity(
        name="cbv_corrected",
        title="Corrected CBV",
        meaning="Cerebral blood volume, corrected for leakage",
        definition="Cerebral blood volume of curves corrected for leakage",
        caplex="Q.PH1.001",
        unit=VOLUME,
        relative=RELATIVE_VOLUME,
        code=_BLOOD_VOLUME[0],
        relative_code=_BLOOD_VOLUME[1],
        display=Display("magma", FromZero(3)),
        estimated=True,
        corrected=True,
        ratio=Ratio.PLAIN,
    ),
    Quantity(
        name="mtt",
        title="MTT",
        meaning="Mean transit time",
        definition="Mean transit time, CBV/CBF",
        caplex="Q.PH1.006",
        unit=SECONDS,
        code=Concept("113052", "DCM", "Mean Transit Time"),
        display=Display("viridis", FromZero(2)),
        estimated=True,
        corrected=True,
        timed=True,
        ratio=Ratio.PLAIN,
    ),
    Quantity(
        name="delay",
        title="Delay",
        meaning="Arrival of the bolus after that of the arterial input",
        definition="Arrival of the tissue after the arterial input, signed",
        caplex="Q.PH1.007",
        unit=SECONDS,
        code=Concept("126371", "DCM", "Bolus Arrival Time"),
        display=Display("cividis", Percentiles()),
        estimated=True,
        corrected=True,
        timed=True,
    ),
    Quantity(
        name="tmax",
        title="Tmax",
        meaning="Time of the maximum of the impulse response",
        definition="Time of the maximum of the impulse response",
        unit=SECONDS,
        code=Concept("113084", "DCM", "Tmax"),
        display=Display("cividis", Percentiles()),
        estimated=True,
        corrected=True,
        timed=True,
        lesser=True,
    ),
    Quantity(
        name="cth",
        title="CTH",
        meaning="Capillary transit time heterogeneity",
        definition="Capillary transit time heterogeneity, the standard deviation of transit times",
        unit=SECONDS,
        code=Concept("CTH", PRIVATE, "Capillary transit time heterogeneity"),
        display=Display("viridis", FromZero(2)),
        estimated=True,
        corrected=True,
        timed=True,
        lesser=True,
    ),
    Quantity(
        name="priorshare",
        title="Prior share",
        meaning="Posterior over prior width of the shape of transit times",
        definition="Standard deviation of the posterior of the logarithm of the shape of the "
        "distribution of transit times over that of its prior: 1 where the curve says nothing",
        unit=PLAIN_RATIO,
        code=Concept("PriorShare", PRIVATE, "Posterior over prior width of transit times' shape"),
        display=Display("viridis", Fixed(0.0, 1.0)),
        estimated=True,
        corrected=True,
        timed=True,
        lesser=True,
    ),
    Quantity(
        name="oefmax",
        title="OEFmax",
        meaning="Oxygen extraction that these transit times allow at most",
        definition="Highest oxygen extraction fraction that the distribution of transit times "
        "allows, at a fixed oxygen tension of tissue",
        unit=PLAIN_RATIO,
        code=Concept("OEFmax", PRIVATE, "Maximum oxygen extraction fraction"),
        display=Display("viridis", Fixed(0.2, 0.6)),
        estimated=True,
        corrected=True,
        timed=True,
        lesser=True,
    ),
    Quantity(
        name="ttp",
        title="TTP",
        meaning="Time to peak, from the first used frame",
        definition="Time to the peak of the concentration from the first used frame",
        unit=SECONDS,
        code=Concept("113069", "DCM", "Time To Peak"),
        display=Display("plasma", Percentiles()),
        estimated=False,
        corrected=False,
        timed=True,
        lesser=True,
    ),
    Quantity(
        name="nrcbv",
        title="Normalised rCBV",
        meaning="Blood volume over that of normal-appearing white matter",
        definition="Cerebral blood volume (corrected for leakage, where it is) over its mean in "
        "the reference region",
        unit=PLAIN_RATIO,
        code=_BLOOD_VOLUME[1],
        display=Display("magma", Fixed(0.0, 5.0)),
        estimated=True,
        corrected=True,
        lesser=True,
        regional=True,
    ),
    Quantity(
        name="srcbv",
        title="Standardised rCBV",
        meaning="Blood volume on a fixed scale: 1 is white matter",
        definition="Cerebral blood volume (corrected for leakage, where it is) with the landmarks "
        "of the brain's histogram brought to a standard scale; 1 is normal white matter",
        unit=PLAIN_RATIO,
        code=Concept("srCBV", PRIVATE, "Standardized relative cerebral blood volume"),
        display=Display("magma", Fixed(0.0, 5.0)),
        estimated=True,
        corrected=True,
        lesser=True,
        regional=True,
    ),
    Quantity(
        name="k2",
        title="K2",
        meaning="Leakage coefficient K2, positive where T1 shortens",
        definition="Leakage K2 of Boxerman, Schmainda and Weisskoff",
        caplex="Q.LC1.002",
        unit=RATE,
        code=Concept("K2", PRIVATE, "Leakage coefficient K2 of DSC-MRI"),
        display=Display(SIGNED, Symmetric()),
        estimated=False,
        corrected=True,
        lesser=True,
    ),
    Quantity(
        name="psr",
        title="PSR",
        meaning="Percentage signal recovery after the bolus",
        definition="Percentage signal recovery, 100·(S_post − S_min)/(S_pre − S_min); S_post is "
        "the mean of the last 15 s",
        unit=PERCENT,
        code=Concept("PSR", PRIVATE, "Percentage signal recovery of DSC-MRI"),
        display=Display("viridis", Fixed(50.0, 130.0)),
        estimated=False,
        corrected=False,
        timed=True,
        ratio=Ratio.LOGARITHM,
        lesser=True,
    ),
    Quantity(
        name="misfit",
        title="Misfit",
        meaning="Residual over noise; about 1 where the model explains",
        definition="RMS of curve minus reconstruction over that of the noise; about 1 is a "
        "good fit",
        unit=NOISE,
        code=Concept("misfit", PRIVATE, "Root mean square residual over noise"),
        display=Display("magma", Fixed(0.0, 4.0)),
        estimated=True,
        corrected=True,
        lesser=True,
    ),
    Quantity(
        name="adc",
        title="ADC",
        meaning="Apparent diffusion coefficient, as given, on this grid",
        definition="Apparent diffusion coefficient of the map that was given, its mean within "
        "every voxel",
        unit=DIFFUSION,
        code=Concept("113041", "DCM", "Apparent Diffusion Coefficient"),
        display=Display("gray", Fixed(0.0, 2e-3)),
        estimated=False,
        corrected=False,
        lesser=True,
    ),
    Quantity(
        name=ALONE,
        title="CBV alone",
        meaning="Blood volume by each voxel's own curve, without others",
        definition="Cerebral blood volume (corrected for leakage, where it is) by each voxel's own "
        "curve, without what the other voxels say: noisy, but not drawn to them",
        caplex="Q.PH1.001",
        unit=VOLUME,
        relative=RELATIVE_VOLUME,
        code=Concept("CBVAlone", PRIVATE, "Cerebral blood volume of each voxel alone"),
        display=Display("magma", FromZero(3)),
        estimated=True,
        corrected=True,
        lesser=True,
    ),
    Quantity(
        name=MTT_ALONE,
        title="MTT alone",
        meaning="Transit time before the blood volume is drawn to others",
        definition="Mean transit time that goes with the blood volume of each voxel's own curve "
        "(CBV alone), not with one that is drawn to other voxels",
        caplex="Q.PH1.006",
        unit=SECONDS,
        code=Concept("MTTAlone", PRIVATE, "Mean transit time with cerebral blood volume alone"),
        display=Display("viridis", FromZero(2)),
        estimated=True,
        corrected=True,
        timed=True,
        lesser=True,
    ),
)
QUANTITIES = {quantity.name: quantity for quantity in _LIST}
"""The one list of maps, by name, in the order in which they are shown and numbered."""


def quantity_of(name: str) -> Quantity:
    """The quantity of a map, or of the SD of a map ('cbf', 'cbf_sd').

    Raises InputError for a name that no map has.
    """
    found = QUANTITIES.get(plain_name(name))
    if found is None:
        raise InputError(f"a map is one of {', '.join(QUANTITIES)}, found '{name}'")
    return found


def is_sd(name: str) -> bool:
    """Whether a name is that of the SD of a map."""
    return name.endswith(SD)


def plain_name(name: str) -> str:
    """The name of the map of which a name is the SD; itself for a map."""
    return name.removesuffix(SD)


def display_of(name: str) -> Display:
    """How a map, or the SD of a map, is shown: one answer for page, viewer, pictures and DICOM."""
    return SD_DISPLAY if is_sd(name) else quantity_of(name).display
