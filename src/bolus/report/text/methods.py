"""How a patient's maps were made, as a paper would tell it, with its references."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bolus.data import PerfusionMaps
from bolus.data.description import CITED
from bolus.physics import DENSITY, HEMATOCRIT_LARGE, plasma_ratio
from bolus.report.drift_facts import drift_methods
from bolus.report.echo import echo_told
from bolus.report.facts import facts_of
from bolus.report.motion_facts import NOT_CORRECTED_METHODS
from bolus.report.text.references import REFERENCES

ORIGINS = {
    "automatic": "the mean of {voxels} voxels found automatically by height, arrival, width and "
    "roughness of their curves [aif]",
    "mask": "the mean of {voxels} marked voxels",
    "file": "read from a table",
    "given": "a given curve",
}
METHOD, LEAKAGE = "method: ", "leakage: "
"""Begin the names of what an estimator and a leakage model cite, so that they are no other's."""


@dataclass(frozen=True, kw_only=True)
class MethodsText:
    """A paragraph that cites by number, and the ``references`` in the order of their numbers."""

    paragraph: str
    references: tuple[str, ...]

    def plain(self) -> str:
        """Both as plain text."""
        listed = [f"{n}. {text}" for n, text in enumerate(self.references, start=1)]
        return "\n".join([self.paragraph, "", *listed])


def methods_text(maps: PerfusionMaps) -> MethodsText:
    """The methods of these maps."""
    known = dict(REFERENCES)
    for prefix, told in ((METHOD, maps.description), (LEAKAGE, maps.leakage_model)):
        if told is not None:
            known |= {prefix + key: cited.full for key, cited in told.citations.items()}
    return _numbered(" ".join(part for part in _sentences(maps) if part), known)


def _sentences(maps: PerfusionMaps) -> Iterator[str]:
    yield _acquisition(maps)
    yield _frames(maps)
    yield _spikes(maps)
    yield _motion(maps)
    yield _slice_timing(maps)
    yield (
        "The signal S was turned into TE·ΔR2*(t) = −ln(S(t)/S0), S0 being the geometric mean "
        "of the baseline [svd]; the echo time was unknown, so that CBF and CBV are relative."
        if maps.relative
        else "The signal S was turned into ΔR2*(t) = −ln(S(t)/S0)/TE, S0 being the geometric "
        "mean of the baseline [svd]."
    )
    yield _echoes(maps)
    yield _artery(maps)
    yield drift_methods(maps)
    yield _leakage(maps)
    yield _estimation(maps)
    if not maps.relative:
        own = maps.preparation.blood.hematocrit
        blood = f"{HEMATOCRIT_LARGE:g}, which was assumed," if own is None else f"{own:g}"
        yield (
            f"CBV and CBF were scaled by κ/ρ with κ = {plasma_ratio(own):.3f} for a haematocrit of "
            f"{blood} in large vessels and the usual share of it in small ones, and a density "
            f"ρ = {DENSITY:g} g/mL."
        )


def _echoes(maps: PerfusionMaps) -> str:
    if maps.series.echoes is None:
        return ""
    return (
        "S was the ratio of the second echo to the first, and TE the difference of their echo "
        "times, so that T1 has no part in ΔR2* [echoes]; where the second echo was lost in noise "
        "the first alone was used."
    )


def _acquisition(maps: PerfusionMaps) -> str:
    from bolus.base.about import software

    series = maps.series
    te = "" if series.te is None else f"{echo_told(series)}, "
    size = " × ".join(f"{edge:.3g}" for edge in series.grid.voxel_size)
    matrix = " × ".join(str(n) for n in series.grid.shape)
    return (
        f"Perfusion maps were computed from dynamic susceptibility contrast MRI ({te}"
        f"TR {series.dt:.4g} s, {series.n_frames} frames, matrix {matrix}, voxels {size} mm) "
        f"with {software()}."
    )


def _frames(maps: PerfusionMaps) -> str:
    frames = maps.series.frames
    several = (
        f" Of {1 + len(frames.others)} boluses in the series number {frames.number} was used."
        if frames.others
        else ""
    )
    return (
        f"Frames {frames.first + 1} to {frames.stop} were used: the first {frames.first} were "
        f"dropped before steady state, and {frames.onset - frames.first} before the bolus were the "
        f"baseline.{several}"
        if frames.first
        else f"Frames 1 to {frames.stop} were used, of which {frames.onset} before the bolus were "
        f"the baseline.{several}"
    )


def _motion(maps: PerfusionMaps) -> str:
    motion = facts_of(maps).motion
    return NOT_CORRECTED_METHODS if motion is None else motion.methods


def _slice_timing(maps: PerfusionMaps) -> str:
    times = maps.series.slice_times
    if times is None:
        return "The times of slices within a frame were not known and not corrected."
    if not times.any():
        return ""
    return (
        "Slices were acquired one after the other: delay, Tmax and time to peak were corrected "
        "for the time of each slice against that of the arterial input."
    )


def _spikes(maps: PerfusionMaps) -> str:
    count = int(maps.series.spoilt.sum())
    if not count:
        return ""
    return (
        f"Spikes and dropouts, {count} slices of single frames whose mean signal was unlike that "
        f"of the other slices and of the frames before and after, were replaced by linear "
        f"interpolation in time of the log signal before motion correction and censored after it."
    )


def _artery(maps: PerfusionMaps) -> str:
    voxels = 0 if maps.aif.mask is None else int(maps.aif.mask.sum())
    score = "" if maps.aif.quality is None else f" (quality {maps.aif.quality:.2f} of 1)"
    mean = (
        f"The arterial input function was {ORIGINS[maps.aif.origin].format(voxels=voxels)}{score}."
    )
    if maps.aif.mixed is None or maps.aif.scale_sd is None:
        return mean
    vein = maps.aif.vein
    fitted = "arterial and mean tissue signal" if vein is None else (
        f"arterial, venous and mean tissue signal (a vein of {vein.voxels} voxels, "
        f"{'marked by hand' if vein.by_hand else 'found automatically'})"
    )  # fmt: skip
    return (
        f"{mean} The signal of tissue in these voxels was taken off by a joint fit of {fitted}; "
        f"the common scale of CBF and CBV is known to "
        f"{100 * maps.aif.scale_sd:.0f} % (SD)."
    )


def _leakage(maps: PerfusionMaps) -> str:
    if maps.leakage_model is None:
        return "Leakage of contrast agent was not corrected."
    told = re.sub(CITED, rf"[{LEAKAGE}\1]", maps.leakage_model.sentence)
    return f"Curves were corrected for leakage of contrast agent {told}."


def _estimation(maps: PerfusionMaps) -> str:
    plain = [f"{k} {v:g}" for k, v in maps.parameters.items() if isinstance(v, int | float)]
    checksum = maps.parameters.get("checksum")
    plain += [_weights(maps.parameters, checksum)] if isinstance(checksum, str) else []
    chosen = f" ({', '.join(plain)})" if plain else ""
    if maps.description is None:
        return f"CBF, CBV and MTT were estimated by the method {maps.method}{chosen}."
    told = re.sub(CITED, rf"[{METHOD}\1]", maps.description.sentence)
    return f"CBF, CBV and MTT were estimated by {told.replace('{chosen}', chosen)}."


def _weights(parameters: Mapping[str, object], checksum: str) -> str:
    """The file of weights and its SHA-256; that of the tensors where no file was read."""
    if "weights_file" not in parameters:
        return f"weights SHA-256 {checksum[:12]}…"
    digest = str(parameters["weights_file_sha256"])
    return f"weights {parameters['weights_file']}, SHA-256 {digest[:12]}…"


def _numbered(text: str, known: Mapping[str, str]) -> MethodsText:
    """Names in brackets become numbers in the order of their first appearance."""
    order: list[str] = []

    def number(match: re.Match[str]) -> str:
        full = known[match.group(1)]
        if full not in order:
            order.append(full)
        return f"[{order.index(full) + 1}]"

    names = "|".join(re.escape(name) for name in known)
    return MethodsText(paragraph=re.sub(rf"\[({names})\]", number, text), references=tuple(order))
