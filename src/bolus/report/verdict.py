"""Whether maps can be trusted: what was measured, held against thresholds that give a reason."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

SNR_GOOD, SNR_POOR = 30, 15
"""Baseline SNR. On random curves the CBF of ``phae`` is off by a factor of 1.3 at SNR 50, 1.5 at 20
and 1.7 at 10 (docs/benchmark.md), so that below 15 single voxels say little."""
DEPTH_GOOD, DEPTH_POOR = 0.10, 0.05
"""Drop of the mean signal as a share. A full dose at TE 30 ms takes 9–16 % off white and 20–40 %
off grey matter; half of the lower is a weak bolus, and 2 % is refused."""
BASELINE_GOOD, BASELINE_POOR = 10, 5
"""Baseline frames n. Every curve has the error of their mean, 1/√n of the noise: a third at 10."""
DROPPED_MOST = 10
"""More frames dropped before steady state than it takes: it is reached within about 5 s."""
FLAGGED_POOR = 0.10
"""Share of used frames that moved. Each leaves its mark on the curves, for what was out of the
coil's or slice's place is not put back by turning the picture."""
DRIFT_GOOD, DRIFT_POOR = 3.0, 10.0
"""% of the signal over the used frames by which 95 % of voxels drifted at most. What is left of a
drift of 2 to 5 % in simulated heads is 0.4 to 0.5 %; 10 % is what blood takes off white matter."""
SPOILT_POOR = 0.10
"""Share of a slice's used frames that were spikes or dropouts. Up to two in a row, interpolated,
left CBF within 2 % of its value without them."""
TIMED_FROM = 1.5
"""Repetition time in s from which unknown times of slices are doubtful: delay and Tmax of digital
patients were off by −0.9 to +0.4 s slice by slice at 1.5 s."""
FAR = 3.0
"""mm that a head may be from its mean place, averaged over the brain. Up to 2.8 mm it was simulated
what correction leaves in the CBF, 7 % more error over the brain (docs/moving.md); no further."""
DOUBTFUL, USELESS = 0.5, 0.3
"""Score of an arterial input: doubtful below the first; below the second none is found."""
MISFIT = 2.0
"""RMS of curve minus reconstruction over that of the noise from which a curve is not explained."""
MISFIT_GOOD, MISFIT_POOR = 0.05, 0.20
"""Share of voxels above MISFIT: vessels and rims are a few per cent of a brain."""
SATURATED = 0.25
"""Share of arterial voxels whose peak is lost in noise. A peak cut at 0.8 of its height raises CBF
by 24 %, at 0.6 by 65 %, whatever the score says of the rest of the curve; a quarter of voxels cut
at 0.6 takes a tenth off the mean, which is what its scale is known to (SD)."""
REMAINING, TAIL = 0.35, 3.0
"""Mean concentration over the last TAIL s as a share of its peak: 6–7 % in simulated patients 60 s
after it. Where it is above, a series ends in the first pass, or the agent does not leave."""
WIDTH_MOST = 0.95
"""FWHM of the arterial input over that of the mean tissue curve: 0.6–0.7 in simulated patients;
convolution with a response can only widen, so that 1 is impossible."""
CBV_MOST = 8.0
"""mL/100 g, the brain's median. White matter has 2–3 and grey matter 4–6; simulated patients read
3.3–3.7, and real ones with a small input 19–29."""
MTT_EDGES, MTT_PILED = (2.5, 16.0), 0.25
"""s, and the share of voxels there. True times under 1.5 s are read by ``phae`` and ``bayes`` as
2–3 s, half of them under 2.5; those of 20 to 40 s by ``osvd`` and ``tikhonov`` above 16 in a third
and more. Of simulated patients at most 10 % are below and 17 % above (``tikhonov`` at SNR 20)."""
SPREAD_GOOD, SPREAD_POOR = 0.40, 0.65
"""Median SD of CBF over CBF. Grey matter has about 2.5 times the flow of white: with 0.40 a voxel
of each can just be told apart at 90 % (1.64·√2·0.40 = ln 2.5), with 0.65 at 68 %."""
SILENT_GOOD, SILENT_POOR = 0.10, 0.30
"""Share of voxels without a bolus: ventricles and sulci are up to a tenth of a brain."""


class Word(StrEnum):
    """What is said of a measurement."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    POOR = "poor"
    NONE = "not judged"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One measurement: its name, the word for it, the figure, and what that means for the maps."""

    name: str
    word: Word
    figure: str
    meaning: str

    def as_json(self) -> dict[str, str]:
        """Its fields as plain text."""
        return {key: str(value) for key, value in asdict(self).items()}


def graded(value: float, good: float, poor: float) -> Word:
    """The word for a value of which more is better; what is no number is poor."""
    if value >= good:
        return Word.GOOD
    return Word.DOUBTFUL if value >= poor else Word.POOR


def worst(found: Sequence[Check]) -> Word:
    """The worst word of all; what was not judged does not count."""
    words = [check.word for check in found]
    return next((w for w in (Word.POOR, Word.DOUBTFUL) if w in words), Word.GOOD)


def lead(found: Sequence[Check]) -> str:
    """All checks in one sentence."""
    named = {word: [_within(c.name) for c in found if c.word is word] for word in Word}
    unseen = f" Not judged: {_listed(named[Word.NONE])}." if named[Word.NONE] else ""
    if named[Word.POOR]:
        rest = f"; doubtful: {_listed(named[Word.DOUBTFUL])}" if named[Word.DOUBTFUL] else ""
        return f"Do not rely on these maps alone. Poor: {_listed(named[Word.POOR])}{rest}.{unseen}"
    if named[Word.DOUBTFUL]:
        return f"Maps can be read with care. Doubtful: {_listed(named[Word.DOUBTFUL])}.{unseen}"
    return f"Maps can be read: nothing that was measured speaks against them.{unseen}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _within(name: str) -> str:
    """A name in the middle of a sentence."""
    return name[0].lower() + name[1:]
