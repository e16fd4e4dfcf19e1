"""What a study does to every patient."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

from bolus.data import InputError, Preparation
from bolus.estimators import EVERY_METHOD
from bolus.estimators.surrogate import KINDS
from bolus.grading import MAPS
from bolus.patient.leakage import find_leakage_model
from bolus.study.extra import RESIDUES

STUDY_METHODS = ("joint", "phae", "phae-paper", "osvd", "tikhonov")
STUDY_SNRS = (math.inf, 50.0, 40.0, 30.0, 20.0, 10.0)
"""SNR of the baseline that noise is added down to; infinite: none is added."""
NO_NOISE = "none"
AS_READ = Preparation(motion=None)
"""Leakage corrected, for a tumour is known of every patient; head motion left in."""
RESAMPLES = 2000
SPLITS = ("test", "train", "all")
TRAINABLE = ("paper", "phae", *KINDS)


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """``methods`` at every one of ``snrs``; ``seed`` makes all that is random.

    Methods are those of EVERY_METHOD and RESIDUES, the last where 'paper' is trained, and the
    surrogates, each where it is trained, by the maps of ``target``.

    At an SNR, so much Gaussian noise is added to the magnitude that the mean of the baseline over
    its SD, the data's own noise included, comes down to it (``study.noise``); with ``noisy_aif``
    frames and arterial input are found in the noisy series too, else they stay those of the series
    as it is. ``map`` of grading.MAPS is what the ratio is of. ``preparation`` is that of every
    series, for all methods alike; as in the published study, head motion is left in if not said
    otherwise. ``resamples`` are the bootstrap's. ``published``: the arterial signal
    is averaged before it is converted, training holds no patient out, and the page holds the run
    beside the published study (``study.published`` sets all of it).

    Raises InputError for what no study can do.
    """

    methods: tuple[str, ...] = STUDY_METHODS
    snrs: tuple[float, ...] = STUDY_SNRS
    seed: int = 0
    resamples: int = RESAMPLES
    noisy_aif: bool = False
    preparation: Preparation = AS_READ
    map: str = "cbf"
    published: bool = False
    target: str = "osvd"

    def __post_init__(self) -> None:
        known = (*EVERY_METHOD, *RESIDUES, *KINDS)
        unknown = [name for name in self.methods if name not in known]
        if unknown or not self.methods or len(set(self.methods)) < len(self.methods):
            raise InputError(
                f"methods are different ones of {', '.join(known)}, found "
                f"{', '.join(self.methods) or 'none'}"
            )
        names = {snr_name(snr) for snr in self.snrs}
        if not all(snr > 0 for snr in self.snrs) or not 0 < len(self.snrs) == len(names):
            found = ", ".join(f"{snr!r}" for snr in self.snrs) or "none"
            raise InputError(
                f"SNRs are positive numbers that differ in their first six figures, found {found}"
            )
        if self.seed < 0 or self.resamples < 100:
            raise InputError(
                f"a seed from 0 and at least 100 resamples are needed, found {self.seed} and "
                f"{self.resamples}"
            )
        if self.map not in MAPS:
            raise InputError(f"the map is one of {', '.join(MAPS)}, found '{self.map}'")
        if self.map == "cbv_corrected" and not self.leakage_corrected:
            raise InputError("there is no leakage-corrected CBV without leakage correction")
        if self.target not in EVERY_METHOD:
            raise InputError(
                f"the target is one of {', '.join(EVERY_METHOD)}, found '{self.target}'"
            )
        find_leakage_model(self.preparation.leakage.model)

    @property
    def leakage_corrected(self) -> bool:
        """Whether curves are; every patient of a study has a tumour mask."""
        return self.preparation.leakage.use is not False

    def as_json(self) -> dict[str, object]:
        """All settings, as JSON can say them."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            **own,
            "snrs": [snr_name(snr) for snr in self.snrs],
            "preparation": self.preparation.as_json(),
        }


def snr_name(snr: float) -> str:
    """'none' for no noise, else the number."""
    return NO_NOISE if math.isinf(snr) else f"{snr:g}"


def read_snrs(names: Sequence[str]) -> tuple[float, ...]:
    """SNRs from their names. Raises InputError."""
    try:
        return tuple(math.inf if name.strip() == NO_NOISE else float(name) for name in names)
    except ValueError as error:
        raise InputError(f"an SNR is a number or '{NO_NOISE}', found {', '.join(names)}") from error
