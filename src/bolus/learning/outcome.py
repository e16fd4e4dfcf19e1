"""What came of a training, and how to say it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bolus.estimators.weights import Weights
from bolus.learning.cohort import Skipped
from bolus.learning.judgement import Judged

if TYPE_CHECKING:
    from bolus.learning.phae.adapt import Adapted


@dataclass(frozen=True, kw_only=True, eq=False)
class Training:
    """What came of a training.

    ``weights`` and ``path`` are None when an adaptation was not kept. ``trained``, ``held_out``
    and ``voxels`` count series and voxels of the cohort, 0 without one. ``judged`` is None where
    no benchmark was asked.
    """

    path: Path | None
    weights: Weights | None
    trained: int = 0
    held_out: int = 0
    voxels: int = 0
    skipped: tuple[Skipped, ...] = ()
    adapted: "Adapted | None" = None
    judged: Judged | None = None

    def lines(self) -> list[str]:
        """The outcome for people; the last line is the verdict."""
        said = []
        if self.trained:
            said.append(
                f"{self.trained} series trained on, {self.held_out} held out, "
                f"{self.voxels} voxels, {len(self.skipped)} skipped"
            )
        if self.adapted is not None:
            low, high = self.adapted.gain_ci
            said.append(
                "held-out patients: log predictive likelihood of a curve "
                f"{self.adapted.gain:+.3f} (95 % interval {low:+.3f} to {high:+.3f}) "
                "under the learned population"
            )
        if self.judged is not None:
            said.append(self.judged.figures)
        return [*said, self.verdict()]

    def verdict(self) -> str:
        """One sentence: kept or not, and why."""
        if self.weights is None:
            why = (
                "the patients held out are not explained better beyond chance"
                if self.judged is None
                else "the benchmark is worse with it"
            )
            return (
                f"not kept: {why}; no weights were written, go on with those you started from"
                + ("" if self.judged is None else " (--keep-worse keeps it)")
            )
        if self.weights.smoke:
            return (
                "smoke test passed: data, training and files work. This was no training, and no "
                "other command takes the weights"
            )
        if self.adapted is not None:
            return f"kept: the patients held out are explained better{self._elsewhere()}"
        return f"trained: {_course(self.weights)}"

    def _elsewhere(self) -> str:
        if self.judged is None:
            return ""
        if self.judged.worse:
            return ", but the benchmark is worse with it: use it for such patients only"
        return ", and the benchmark is no worse"


def _course(weights: Weights) -> str:
    """How the loss went, from the first epoch to the one that was kept."""
    told, number = weights.provenance, cast(int, weights.provenance["epoch_kept"])
    name, losses = "validation loss", _known(told["validation_loss"])
    if not losses:
        name, losses = "loss", _known(told["train_loss"])
    first, kept = losses[0], losses[number - 1]
    course = f"{name} {first:.4g} after epoch 1, {kept:.4g} after epoch {number}, which is kept"
    if len(losses) > 1 and not kept < first:
        return f"but nothing was learnt, {course}"
    if number == len(losses) and number > 1 and kept < 0.98 * losses[-2]:
        return f"{course}; it was still falling, more epochs may help"
    return course


def _known(told: object) -> list[float]:
    values: Sequence[float | None] = cast(Sequence[float | None], told)
    return [v for v in values if v is not None and math.isfinite(v)]
