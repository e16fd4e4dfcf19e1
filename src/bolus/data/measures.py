"""Every number that readers ask of a region of the maps: its name, meaning, unit, code and source.

A new number is an entry here and a line in the reader of ``bolus.findings`` that measures it;
summary, table, page and DICOM report read this list.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from bolus.data.codes import PRIVATE, Concept
from bolus.data.errors import InputError
from bolus.data.quantities import Unit


class Measure(NamedTuple):
    """One number.

    ``name`` is that of its entry in files, ``title`` what headings say, ``definition`` says it in a
    sentence, ``unit`` and ``code`` are those of DICOM too, and ``source`` is where the definition
    comes from. ``map`` is the name of the map it is measured in.
    """

    name: str
    title: str
    definition: str
    unit: Unit
    code: Concept
    source: str
    map: str


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A number of one region.

    ``value`` is in the unit of its measure, NaN where there is none, and ``interval`` its central
    90 % interval, None where none is known. ``note`` says what the number depends on, '' for
    nothing. Raises InputError for a measure that MEASURES does not hold and an interval upside
    down.
    """

    measure: str
    region: str
    value: float
    interval: tuple[float, float] | None = None
    voxels: int | None = None
    note: str = ""

    def __post_init__(self) -> None:
        measure_of(self.measure)
        if self.interval is not None and not self.interval[0] <= self.interval[1]:
            raise InputError(f"{self.measure}: an interval goes up, found {self.interval}")

    @property
    def about(self) -> Measure:
        """The entry of its measure."""
        return measure_of(self.measure)

    def as_json(self) -> dict[str, object]:
        """For the summary: everything by name; None where there is no number."""
        return {
            "measure": self.measure,
            "region": self.region,
            "value": shortened(self.value),
            "interval_90": None if self.interval is None else [shortened(x) for x in self.interval],
            "unit": self.about.unit.written,
            "voxels": self.voxels,
            "note": self.note,
        }


def shortened(value: float) -> float | None:
    """A number as every output has it, to six digits; None where there is none."""
    return float(f"{value:.6g}") if math.isfinite(value) else None


RATIO = Unit("1", "", Concept("{ratio}", "UCUM", "ratio"))
MILLILITRES = Unit("mL", "mL", Concept("mL", "UCUM", "milliliter"))
_VOLUME = Concept("118565006", "SCT", "Volume")
_ALBERS = "Albers 2018, N Engl J Med 378:708 (DEFUSE 3)"
_LIST: tuple[Measure, ...] = (
    Measure(
        name="cbv_ratio",
        title="CBV ratio",
        definition="Mean CBV of the region over that of the reference",
        unit=RATIO,
        code=Concept("126398", "DCM", "Relative Regional Blood Volume"),
        source="ASFNR recommendations for DSC-MRI, Welker 2015, AJNR 36:E41",
        map="cbv",
    ),
    Measure(
        name="late_volume",
        title="Volume of late tissue",
        definition="Volume of brain whose Tmax is above a threshold, in clusters of a least size",
        unit=MILLILITRES,
        code=_VOLUME,
        source=_ALBERS,
        map="tmax",
    ),
    Measure(
        name="low_flow_volume",
        title="Volume of low flow",
        definition="Volume of late brain whose CBF is below a share of the median of brain that is "
        "not late, in clusters of a least size",
        unit=MILLILITRES,
        code=_VOLUME,
        source="Chen 2021, Front Neurol 11:590766",
        map="cbf",
    ),
    Measure(
        name="core_volume",
        title="Volume of the infarct core",
        definition="Volume of brain whose apparent diffusion coefficient is below a threshold, in "
        "clusters of a least size",
        unit=MILLILITRES,
        code=_VOLUME,
        source=_ALBERS,
        map="adc",
    ),
    Measure(
        name="mismatch_volume",
        title="Mismatch volume",
        definition="Volume of late tissue less that of the core",
        unit=MILLILITRES,
        code=_VOLUME,
        source=_ALBERS,
        map="tmax",
    ),
    Measure(
        name="mismatch_ratio",
        title="Mismatch ratio",
        definition="Volume of late tissue over that of the core",
        unit=RATIO,
        code=Concept("mismatch ratio", PRIVATE, "Volume of late tissue over that of the core"),
        source=_ALBERS,
        map="tmax",
    ),
    Measure(
        name="hypoperfusion_index",
        title="Hypoperfusion intensity ratio",
        definition="Volume of very late tissue over that of late tissue",
        unit=RATIO,
        code=Concept("HIR", PRIVATE, "Hypoperfusion intensity ratio"),
        source="Olivot 2014, Stroke 45:1018",
        map="tmax",
    ),
)
MEASURES = {measure.name: measure for measure in _LIST}
"""The one list of numbers, by name, in the order in which they are shown."""


def measure_of(name: str) -> Measure:
    """The entry of a number. Raises InputError for a name that none has."""
    found = MEASURES.get(name)
    if found is None:
        raise InputError(f"a number is one of {', '.join(MEASURES)}, found '{name}'")
    return found
