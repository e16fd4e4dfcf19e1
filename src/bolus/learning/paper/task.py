"""Training of the published network on its own reconstruction."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch

from bolus.estimators.paper.config import PaperConfig
from bolus.estimators.weights import Weights
from bolus.learning.paper.encoder import PaperEncoder, decode
from bolus.learning.voxels import PatientVoxels
from bolus.physics import area

BLOCKS = 6
"""Slices, of different patients where there are as many, that make a batch."""


Rows = tuple[int, int]
"""First voxel and the one after the last."""


class PaperBatch(NamedTuple):
    """Curves (n, t) and arterial inputs (n, t) over their patient's maximum, and CBV (n,)."""

    curves: torch.Tensor
    aif: torch.Tensor
    cbv: torch.Tensor
    dt: float


class PaperTask:
    """The published network on cached curves; a task for the training loop.

    Its loss is mean |C − Ĉ|, both over the patient's maximum. Batches mix patients of the same
    repetition time and length; ``limit`` caps the voxels of validation.
    """

    def __init__(
        self,
        config: PaperConfig,
        patients: Sequence[PatientVoxels],
        held_out: Sequence[PatientVoxels],
        *,
        seed: int = 0,
        limit: int = 4096,
    ) -> None:
        torch.manual_seed(seed)
        self.config, self.seed = config, seed
        self.patients, self.held_out, self.limit = list(patients), list(held_out), limit
        self.module = PaperEncoder(config)
        self._peaks = {p.path: _peak(p) for p in (*self.patients, *self.held_out)}
        self._block = max(1, config.batch // BLOCKS)

    @property
    def fingerprint(self) -> str:
        """Configuration but for the epochs, which may be more later; seed and data."""
        data = [
            (p.count, p.aif.size, p.dt, self._peaks[p.path])
            for p in (*self.patients, *self.held_out)
        ]
        text = f"{replace(self.config, epochs=1)} {self.seed} {data}"
        return hashlib.sha256(text.encode()).hexdigest()

    def steps(self) -> int:
        """Batches an epoch."""
        return sum(len(blocks) // BLOCKS for blocks in self._blocks().values())

    def batches(self, epoch: int, rank: int = 0, world: int = 1) -> Iterator[PaperBatch]:
        """Random slices of random patients, in groups of one protocol."""
        rng = np.random.default_rng([self.seed, epoch])
        plan: list[list[tuple[int, Rows]]] = []
        for blocks in self._blocks().values():
            order = rng.permutation(len(blocks))
            plan += [
                [blocks[i] for i in order[first : first + BLOCKS]]
                for first in range(0, len(order) - BLOCKS + 1, BLOCKS)
            ]
        for place in rng.permutation(len(plan)):
            yield self._batch([(self.patients[i], rows) for i, rows in plan[place][rank::world]])

    def loss(self, batch: PaperBatch) -> torch.Tensor:
        """Mean absolute error of the reconstruction."""
        mtt = self.module(torch.stack([batch.curves, batch.aif], dim=1))
        rebuilt = decode(batch.aif, batch.dt, batch.cbv, mtt, self.config)
        return (batch.curves - rebuilt).abs().mean()

    def validate(self) -> float:
        """Loss on the patients held out, by voxel; NaN without any."""
        share = -(-self.limit // max(1, len(self.held_out)))
        total, count = 0.0, 0
        with torch.no_grad():
            for patient in self.held_out:
                batch = self._batch([(patient, (0, min(share, patient.count)))])
                total += float(self.loss(batch)) * len(batch.curves)
                count += len(batch.curves)
        return total / count if count else math.nan

    def weights(self, provenance: Mapping[str, object]) -> Weights:
        """The network as it is now."""
        state = self.module.state_dict()
        return Weights(
            kind="phae-paper",
            tensors={name: value.detach().float().numpy() for name, value in state.items()},
            config=self.config.as_dict(),
            provenance=dict(provenance),
        )

    def _blocks(self) -> dict[tuple[int, float], list[tuple[int, Rows]]]:
        """Slices of all patients by protocol."""
        found: dict[tuple[int, float], list[tuple[int, Rows]]] = {}
        for number, patient in enumerate(self.patients):
            group = found.setdefault((patient.aif.size, patient.dt), [])
            ends = range(self._block, patient.count + 1, self._block)
            group += [(number, (end - self._block, end)) for end in ends]
        return found

    def _batch(self, parts: Sequence[tuple[PatientVoxels, Rows]]) -> PaperBatch:
        curves, inputs, volumes = [], [], []
        for patient, rows in parts:
            peak = np.float32(self._peaks[patient.path])
            some, aif = patient.rows(*rows)[0] / peak, patient.aif / peak
            curves.append(some)
            inputs.append(np.broadcast_to(aif, some.shape))
            volumes.append(area(some, 1.0) / area(aif, 1.0))
        return PaperBatch(
            _tensor(curves),
            _tensor(inputs),
            _tensor(volumes),
            parts[0][0].dt,
        )


def _peak(patient: PatientVoxels, at_once: int = 4096) -> float:
    """Highest value of a patient's arterial input and curves."""
    starts = range(0, patient.count, at_once)
    highest = [float(patient.rows(i, i + at_once)[0].max()) for i in starts]
    return max(float(patient.aif.max()), *highest)


def _tensor(parts: Sequence[np.ndarray]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.concatenate(parts), dtype=np.float32))
