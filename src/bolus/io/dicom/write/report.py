"""Numbers of regions as a DICOM structured report: a measurement report (TID 1500).

A measurement group for each region refers to its segment, and each number in it to the map it was
measured in. What the standard has no word for is said by a private code (99BOLUS).
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from bolus.base.about import NOTICE, release, software
from bolus.data import PerfusionMaps
from bolus.data.codes import PRIVATE, Concept
from bolus.data.measures import Measurement, shortened
from bolus.io.dicom.write.codes import BRAIN, NUMBERS_NUMBER, SUSCEPTIBILITY, segment_of
from bolus.io.dicom.write.origin import Origin, Reference
from bolus.io.dicom.write.regions import segment_number
from bolus.io.dicom.write.stamp import Stamp, coded, nobody

if TYPE_CHECKING:
    from highdicom.sr import (
        CodedConcept,
        ComprehensiveSR,
        ContentSequence,
        MeasurementsAndQualitativeEvaluations,
        NumContentItem,
        QualitativeEvaluation,
        TextContentItem,
    )
    from highdicom.sr import Measurement as Item
else:  # highdicom is imported with the first object
    CodedConcept = ComprehensiveSR = ContentSequence = Item = NumContentItem = Any
    MeasurementsAndQualitativeEvaluations = QualitativeEvaluation = TextContentItem = Any

PROCEDURE = Concept("24590-2", "LN", "MR Brain")
DEVICE = Concept("121007", "DCM", "Device")
MEASUREMENTS = Concept("126010", "DCM", "Imaging Measurements")
LIBRARY = Concept("111028", "DCM", "Image Library")
LIBRARY_GROUP = Concept("126200", "DCM", "Image Library Group")
SOURCE_IMAGE = Concept("121324", "DCM", "Source Image")
COMMENT = Concept("121106", "DCM", "Comment")
NOT_A_NUMBER = Concept("114000", "DCM", "Not a number")
UPPER = Concept("371886008", "SCT", "+, range of upper measurement uncertainty")
LOWER = Concept("371885007", "SCT", "-, range of lower measurement uncertainty")
LOW_90 = Concept("low-90", PRIVATE, "Low end of the central 90 % interval")
HIGH_90 = Concept("high-90", PRIVATE, "High end of the central 90 % interval")
VOXELS = Concept("voxels", PRIVATE, "Voxels that were measured")
_SPELT = str.maketrans(
    {"Δ": "delta ", "−": "-", "–": "-", "’": "'", "×": "x", "·": "*", "≥": ">=", "≤": "<=",
     "±": "+-", "σ": "sigma", "κ": "kappa", "ρ": "rho", "√": "sqrt", "ß": "ss", "ø": "o"}
)  # fmt: skip
_COUNT = Concept("{voxels}", "UCUM", "voxels")


class Written(NamedTuple):
    """An object that was written: its class and UID, and that of its series."""

    image: Reference
    series: str


def numbers_report(
    maps: PerfusionMaps, origin: Origin, written: Mapping[str, Written], regions: Written
) -> ComprehensiveSR:
    """The numbers of maps that have some, as a report under the study of the source.

    ``written`` are the objects of the maps by name, ``regions`` that of their segments. Values and
    the ends of their intervals are those of the summary and the table, digit for digit
    (``shortened``); a number that is none is said to be not a number.
    """
    import highdicom as hd

    stamp = Stamp(
        origin=origin,
        grid=maps.grid,
        name="numbers",
        number=origin.first_number + NUMBERS_NUMBER,
        content=repr((maps.measurements, written, regions)).encode(),
        told=f"Numbers of regions; by {maps.method}",
    )
    groups = [
        _group(maps, stamp, region, written, regions)
        for region in dict.fromkeys(number.region for number in maps.measurements)
    ]
    content = hd.sr.MeasurementReport(
        observation_context=_observer(stamp),
        procedure_reported=coded(PROCEDURE),
        imaging_measurements=groups,
    )
    whole = content[0].ContentSequence
    before = [item.name == coded(MEASUREMENTS) for item in whole].index(True)
    whole.insert(before, _library(origin))
    whole.append(_text(COMMENT, NOTICE, "CONTAINS"))
    made = hd.sr.ComprehensiveSR(
        evidence=_evidence(origin, [*written.values(), regions]),
        content=content,
        is_complete=True,
        **stamp.series("Numbers of regions, research (bolus)"),
    )
    stamp.own(made)
    return made


def _observer(stamp: Stamp) -> ContentSequence:
    """The program as the one who measured."""
    import highdicom as hd

    device = hd.sr.DeviceObserverIdentifyingAttributes(
        uid=stamp.uid("device"),
        name="bolus",
        manufacturer_name="bolus",
        model_name="bolus (research software)",
        serial_number=software(),
    )
    context = hd.sr.ObserverContext(coded(DEVICE), device)
    return hd.sr.ObservationContext(observer_device_context=context)


def _library(origin: Origin) -> Any:
    """The first images of the source as image library (TID 1600), without which OHIF fails."""
    import highdicom as hd

    within = hd.sr.RelationshipTypeValues.CONTAINS
    library, group = (
        hd.sr.ContainerContentItem(name=coded(name), relationship_type=within)
        for name in (LIBRARY, LIBRARY_GROUP)
    )
    group.ContentSequence = hd.sr.ContentSequence(
        hd.sr.ImageContentItem(
            name=coded(SOURCE_IMAGE),
            referenced_sop_class_uid=image.sop_class,
            referenced_sop_instance_uid=image.uid,
            relationship_type=within,
        )
        for image in dict.fromkeys(one._replace(frame=None, tiled=False) for one in origin.images)
    )
    library.ContentSequence = hd.sr.ContentSequence([group])
    return library


def _evidence(origin: Origin, written: Iterable[Written]) -> list[Any]:
    """All that the report rests on: the first images of the source, the maps, their segments."""
    source = str(origin.header.SeriesInstanceUID)
    whole = dict.fromkeys(image._replace(frame=None, tiled=False) for image in origin.images)
    return [
        *(nobody(origin, image, source) for image in whole),
        *(nobody(origin, *one) for one in written),
    ]


def _group(
    maps: PerfusionMaps,
    stamp: Stamp,
    region: str,
    written: Mapping[str, Written],
    segments: Written,
) -> MeasurementsAndQualitativeEvaluations:
    """The numbers of a region, with its segment (TID 1411) where it is one of the maps' regions."""
    import highdicom as hd

    about = segment_of(region)
    numbers = [number for number in maps.measurements if number.region == region]
    told = {
        "tracking_identifier": hd.sr.TrackingIdentifier(
            uid=stamp.uid(f"region {region}"), identifier=about.label
        ),
        "finding_category": coded(about.category),
        "finding_type": coded(about.type),
        "finding_sites": [hd.sr.FindingSite(coded(BRAIN))],
        "method": coded(SUSCEPTIBILITY),
        "algorithm_id": _algorithm(maps),
        "measurements": [
            _number(n, stamp, written.get(maps.corrected_of(n.about.map)))
            for n in numbers
            if _known(n)
        ],
        "qualitative_evaluations": [_nothing(n) for n in numbers if not _known(n)],
    }
    if region not in maps.regions:
        return hd.sr.MeasurementsAndQualitativeEvaluations(**told)
    series = hd.sr.SourceSeriesForSegmentation(str(stamp.origin.header.SeriesInstanceUID))
    segment = hd.sr.ReferencedSegment(
        segments.image.sop_class,
        segments.image.uid,
        segment_number=segment_number(maps, region),
        source_series=series,
    )
    return hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        referenced_segment=segment, **told
    )


def _algorithm(maps: PerfusionMaps) -> Any:
    """The method that made the maps, and the leakage model."""
    import highdicom as hd

    model = maps.leakage_model
    return hd.sr.AlgorithmIdentification(
        name=f"bolus {maps.method}",
        version=release(),
        parameters=None if model is None else [f"leakage model: {model.name}"],
    )


def _known(number: Measurement) -> bool:
    return shortened(number.value) is not None


def _number(number: Measurement, stamp: Stamp, source: Written | None) -> Item:
    """A number with its unit, interval, voxels and definition, and the map it was measured in.

    It is tracked by the name that summary and table have for it.
    """
    import highdicom as hd

    about, name = number.about, number.measure
    properties = hd.sr.MeasurementProperties()
    properties.extend([*_interval(number), *_voxels(number)])
    item = hd.sr.Measurement(
        name=_spelt(about.code),
        value=shortened(number.value),
        tracking_identifier=hd.sr.TrackingIdentifier(
            uid=stamp.uid(f"number {name} of {number.region}"), identifier=name
        ),
        unit=_spelt(about.unit.code),
        properties=properties,
        referenced_images=None
        if source is None
        else [hd.sr.SourceImageForMeasurement(source.image.sop_class, source.image.uid)],
    )
    item[0].ContentSequence.append(_text(COMMENT, _told(number), "HAS PROPERTIES"))
    return item


def _interval(number: Measurement) -> list[NumContentItem]:
    """Its ends, and how far they are from the value (CID 225); nothing where none is known."""
    low, high = map(shortened, number.interval or (math.nan, math.nan))
    value, unit = shortened(number.value), number.about.unit.code
    if value is None or low is None or high is None:
        return []
    pairs = (
        (UPPER, _apart(high, value)),
        (LOWER, _apart(value, low)),
        (LOW_90, low),
        (HIGH_90, high),
    )
    return [_beside(name, found, unit) for name, found in pairs]


def _apart(more: float, less: float) -> float:
    """A difference of decimals, without what binary fractions add to it."""
    return float(Decimal(repr(more)) - Decimal(repr(less)))


def _voxels(number: Measurement) -> list[NumContentItem]:
    return [] if number.voxels is None else [_beside(VOXELS, number.voxels, _COUNT)]


def _told(number: Measurement) -> str:
    """What the number is, where its definition is from, and what it depends on."""
    about = number.about
    ends = (
        ""
        if number.interval is None
        else " The ranges of uncertainty end where its central 90 % interval does."
    )
    note = f" {number.note}" if number.note else ""
    return f"{about.title}: {about.definition} ({about.source}).{ends}{note}"


def _nothing(number: Measurement) -> QualitativeEvaluation:
    """A number that is none."""
    import highdicom as hd

    return hd.sr.QualitativeEvaluation(_spelt(number.about.code), coded(NOT_A_NUMBER))


def _beside(name: Concept, value: float, unit: Concept) -> NumContentItem:
    import highdicom as hd

    return hd.sr.NumContentItem(
        coded(name), value, _spelt(unit), relationship_type="HAS PROPERTIES"
    )


def _text(name: Concept, value: str, relation: str) -> TextContentItem:
    import highdicom as hd

    return hd.sr.TextContentItem(coded(name), in_ascii(value), relationship_type=relation)


def _spelt(concept: Concept) -> CodedConcept:
    return coded(concept._replace(meaning=in_ascii(concept.meaning)))


def in_ascii(text: str) -> str:
    """A text that every character set has, as that of a report is its source's."""
    spelt = unicodedata.normalize("NFKD", text.translate(_SPELT))
    return (
        "".join(c for c in spelt if not unicodedata.combining(c))
        .encode("ascii", "replace")
        .decode()
    )
