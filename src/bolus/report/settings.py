"""The options that make a result again: the file ``bolus.toml`` beside it.

What was given of the patient is named by its copy in the result itself, so that no path is written
and the result can be moved. The keys are the names of flags of ``bolus maps``.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from bolus.base.about import software
from bolus.base.files import write_bytes
from bolus.base.options import toml_line
from bolus.data import PerfusionMaps, Preparation
from bolus.data.anatomy import anatomy_name
from bolus.estimators import EVERY_METHOD
from bolus.estimators.phae import shipped_weights
from bolus.estimators.weights import KINDS, SURROGATES

_FLAGS = {"population": "patient-prior", "spatial": "spatial"}
"""Parameters of methods that have flags of their own."""
_SIZE = "most_voxels"
"""The parameter that --any-size takes off."""
Value = str | float | int | bool | tuple[str, ...]
Named = Callable[[str], str]
"""Takes the name of a file in a result folder to what it is called beside the options."""


def settings_text(maps: PerfusionMaps, named: Named) -> str:
    """The file, which ``bolus maps INPUT --config`` makes the same maps by."""
    lines = [
        f"# Options of these maps, by {software()}. With the same INPUT they make the same maps:",
        "#   bolus maps INPUT --config THIS_FILE -o OUT",
        *(f"# {remark}" for remark in _remarks(maps)),
        *(toml_line(key, value) for key, value in settings(maps, named).items()),
    ]
    return "\n".join(lines) + "\n"


def settings(maps: PerfusionMaps, named: Named) -> dict[str, Value]:
    """Options by the name of their flag; what is usual stands there too."""
    return dict(
        [
            *_method(maps),
            *_given(maps, named),
            *_prepared(maps.preparation),
            *_strokes(maps.preparation),
            *_read(maps),
        ]
    )


def _method(maps: PerfusionMaps) -> Iterator[tuple[str, Value]]:
    if maps.method in EVERY_METHOD:
        yield "method", maps.method
    for name, key in _FLAGS.items():
        if isinstance(value := maps.parameters.get(name), bool):
            yield key, value
    if _SIZE in maps.parameters:
        yield "any-size", maps.parameters[_SIZE] is None
    checksum = _own_weights(maps)
    if checksum is not None:
        yield "weights", str(maps.parameters.get("weights_file", _unnamed(checksum)))


def _as_usual(maps: PerfusionMaps) -> bool:
    """Whether the method's parameters, but those that have a flag, are what they usually are."""
    if "checksum" in maps.parameters:
        return True
    made: Any = EVERY_METHOD[maps.method]()
    usual = asdict(made) if is_dataclass(made) and not isinstance(made, type) else {}
    flags = {name: maps.parameters[name] for name in _FLAGS if name in maps.parameters}
    if maps.parameters.get(_SIZE, 0) is None:
        flags[_SIZE] = None
    return {**usual, **flags} == dict(maps.parameters)


def _own_weights(maps: PerfusionMaps) -> str | None:
    """The checksum of weights that did not come with the package."""
    checksum, kind = maps.parameters.get("checksum"), maps.parameters.get("weights")
    shipped = shipped_weights(str(kind)).checksum if kind in KINDS else None
    if checksum is None or checksum == shipped:
        return None
    return str(checksum)


def _unnamed(checksum: str) -> str:
    return f"weights-{checksum[:12]}.safetensors"


def _given(maps: PerfusionMaps, named: Named) -> Iterator[tuple[str, Value]]:
    inputs = {"automatic": "auto", "mask": named("aif_mask.nii.gz")}
    yield "aif", inputs.get(maps.aif.origin, named("aif.tsv"))
    if maps.aif.vein is not None and maps.aif.vein.by_hand:
        yield "vein", named("vein_mask.nii.gz")
    if maps.brain_given:
        yield "mask", named("brain_mask.nii.gz")
    if "tumor" in maps.rois:
        yield "tumor", named("roi_tumor.nii.gz")
    if maps.reference is not None:
        yield "reference", maps.reference.how
    elif "reference" in maps.rois:
        yield "reference", named("roi_reference.nii.gz")
    elif "tumor" in maps.rois:
        yield "reference", "none"
    if "adc" in maps.volumes:
        yield "adc", named("adc.nii.gz")
    images = [named(f"{anatomy_name(n + 1)}.nii.gz") for n in range(len(maps.anatomies))]
    if images:
        yield "anatomy", images[0] if len(images) == 1 else tuple(images)


def _prepared(preparation: Preparation) -> Iterator[tuple[str, Value]]:
    leakage, motion = preparation.leakage, preparation.motion
    yield "leakage", {None: "auto", False: "off", True: leakage.name}[leakage.use]
    moved = "censor" if preparation.censoring.moved else "correct"
    yield "motion", "off" if motion is None else moved
    if motion is not None:
        yield "motion-limit", motion.limit
    yield "drift", preparation.drift.use
    yield "unmix", preparation.unmixing.use
    yield "burden", _numbers((preparation.burden.low, preparation.burden.high))
    if preparation.blood.hematocrit is not None:
        yield "hematocrit", preparation.blood.hematocrit


def _strokes(preparation: Preparation) -> Iterator[tuple[str, Value]]:
    found = preparation.stroke
    yield "stroke", found is not None
    if found is not None:
        yield "late", _numbers(found.late)
        yield "low-flow", _numbers(found.low_flow)
        yield "critical", found.critical
        yield "core-adc", float(f"{1e6 * found.adc:.12g}")
        yield "cluster", found.cluster


def _read(maps: PerfusionMaps) -> Iterator[tuple[str, Value]]:
    """Echo time (but of two echoes, whose ratio has none to give), repetition time, series."""
    if maps.series.te is not None and maps.series.echoes is None:
        yield "te", maps.series.te
    yield "tr", maps.series.dt
    if maps.series.source.number is not None:
        yield "series", maps.series.source.number


def _remarks(maps: PerfusionMaps) -> Iterator[str]:
    """What no option says, or says only with a file that is not here."""
    if maps.method not in (*EVERY_METHOD, *SURROGATES):
        yield f"The method '{maps.method}' is none of bolus: it is used from Python."
    elif not _as_usual(maps):
        yield "The method was set up otherwise than usual, which is done from Python."
    checksum = _own_weights(maps)
    if checksum is not None:
        yield f"weights: the file of checksum {checksum} is needed, under the name below."
    if maps.series.echoes is not None:
        yield "The series was made of two echoes: give --echo unless it is found beside INPUT."


def _numbers(values: tuple[float, ...]) -> str:
    return ",".join(f"{value:.12g}" for value in values)


def write_settings(maps: PerfusionMaps, path: Path, named: Named) -> None:
    """Write the file. Raises OutputError."""
    write_bytes(path, settings_text(maps, named).encode())
