"""Training of surrogate networks: mean absolute error of the teacher's maps, and a rival."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from bolus.estimators.surrogate.config import SurrogateConfig
from bolus.estimators.weights import Weights
from bolus.learning.surrogate.networks import CurveNetwork, Discriminator, SliceNetwork
from bolus.learning.surrogate.pupils import (
    CurveBatch,
    SliceBatch,
    curve_batch,
    slice_batch,
    slices_of,
)
from bolus.learning.surrogate.recipe import SurrogateRecipe
from bolus.learning.voxels import PatientVoxels

BLOCKS = 4
"""Runs of voxels, of different patients where there are as many, that make a batch of curves."""
Part = tuple[PatientVoxels, int, int]


class SurrogateTask:
    """A surrogate on the voxels and maps of a cohort; a task for the training loop.

    'temporal' and 'talebi': mean |said − taught| (``told.taught``). 'gan': that times
    ``fidelity``, and the loss of pix2pix against a discriminator that learns at the same time.

    Source of the adversarial loss: Isola et al., arXiv:1611.07004. There generator and
    discriminator take turns; here one step of Adam moves both.
    """

    def __init__(
        self,
        kind: str,
        config: SurrogateConfig,
        recipe: SurrogateRecipe,
        patients: Sequence[PatientVoxels],
        held_out: Sequence[PatientVoxels],
        *,
        seed: int = 0,
    ) -> None:
        torch.manual_seed(seed)
        self.kind, self.config, self.recipe, self.seed = kind, config, recipe, seed
        network = SliceNetwork(config) if config.image else CurveNetwork(config)
        rivals = {"rival": Discriminator(config)} if kind == "gan" else {}
        self.module = nn.ModuleDict({"network": network, **rivals})
        self._parts = [part for patient in patients for part in self._of(patient)]
        self._held_out = [part for patient in held_out for part in self._of(patient)]

    def steps(self) -> int:
        """Batches an epoch."""
        return len(self._parts) // max(1, min(self._at_once, len(self._parts)))

    def batches(self, epoch: int, rank: int = 0, world: int = 1) -> Iterator[Any]:
        """Runs of voxels, or slices, in random order."""
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self._parts))
        at_once = min(self._at_once, len(order))
        for first in range(0, len(order) - at_once + 1, at_once):
            chosen = [self._parts[i] for i in order[first : first + at_once]]
            yield self._batch(chosen[rank::world])

    def loss(self, batch: CurveBatch | SliceBatch) -> torch.Tensor:
        """Mean absolute error of a batch, with the adversarial loss of 'gan'."""
        said = self._said(batch)
        error = _error(said, batch)
        if "rival" not in self.module or isinstance(batch, CurveBatch):
            return error
        return self.recipe.fidelity * error + self._adversarial(said, batch)

    def validate(self) -> float:
        """Mean absolute error on the patients held out; NaN without any."""
        total, count = 0.0, 0
        with torch.no_grad():
            for first in range(0, len(self._held_out), self._at_once):
                batch = self._batch(self._held_out[first : first + self._at_once])
                size = len(batch.curves)
                total += float(_error(self._said(batch), batch)) * size
                count += size
        return total / count if count else math.nan

    def weights(self, provenance: Mapping[str, object]) -> Weights:
        """The network as it is now; a discriminator is not kept."""
        state = self.module["network"].state_dict()
        return Weights(
            kind=self.kind,
            tensors={name: value.detach().float().numpy() for name, value in state.items()},
            config=self.config.as_dict(),
            provenance=dict(provenance),
        )

    @property
    def _at_once(self) -> int:
        return self.recipe.batch if self.config.image else BLOCKS

    def _of(self, patient: PatientVoxels) -> list[Part]:
        """Its slices, or its voxels in runs; the last run may be short."""
        if self.config.image:
            return [(patient, *rows) for rows in slices_of(patient)]
        size = max(1, self.recipe.batch // BLOCKS)
        return [(patient, a, min(a + size, patient.count)) for a in range(0, patient.count, size)]

    def _batch(self, parts: Sequence[Part]) -> CurveBatch | SliceBatch:
        made = slice_batch if self.config.image else curve_batch
        return made(parts, self.config)

    def _said(self, batch: CurveBatch | SliceBatch) -> torch.Tensor:
        other = batch.arteries if isinstance(batch, CurveBatch) else batch.brain
        said: torch.Tensor = self.module["network"](batch.curves, other)
        return said

    def _adversarial(self, said: torch.Tensor, batch: SliceBatch) -> torch.Tensor:
        """What the rival says of the network's maps, and what it should have said of both.

        The network's part sees the rival's weights as constants, the rival's part the maps.
        """
        rival, brain = self.module["rival"], batch.brain
        seen = _on_grid(batch.curves, brain)
        fake = said * brain[:, None]
        constant = {name: value.detach() for name, value in rival.named_parameters()}
        passed = functional_call(rival, constant, (seen, fake))
        real, found = rival(seen, _on_grid(batch.targets, brain)), rival(seen, fake.detach())
        return _logits(passed, 1.0) + 0.5 * (_logits(real, 1.0) + _logits(found, 0.0))


def _error(said: torch.Tensor, batch: CurveBatch | SliceBatch) -> torch.Tensor:
    """Mean absolute error where the teacher has maps."""
    if isinstance(batch, CurveBatch):
        return (said - batch.targets).abs().mean()
    own = said.permute(0, 2, 3, 1)[batch.brain]
    return ((own - batch.targets).abs() * batch.known).sum() / batch.known.sum().clamp(min=1)


def _on_grid(values: torch.Tensor, brain: torch.Tensor) -> torch.Tensor:
    """Values (n, c) of voxels on their slices (b, c, h, w), 0 around them."""
    image = values.new_zeros((*brain.shape, values.shape[1]))
    image[brain] = values
    return image.permute(0, 3, 1, 2)


def _logits(found: torch.Tensor, truth: float) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(found, torch.full_like(found, truth))
