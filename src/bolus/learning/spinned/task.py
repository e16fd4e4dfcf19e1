"""What ``spinned`` learns: of simulated curves the flow, the delay and the residue behind them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from bolus.estimators.spinned.inputs import SIZE, Grid, scaled
from bolus.estimators.spinned.network import AREAS, NODES, OUTPUTS, Response, respond
from bolus.estimators.weights import Weights
from bolus.learning.phae.scenes import FAMILIES, Scene, TissuePrior, log_uniform, with_noise
from bolus.physics import RESIDUES

CHUNK, SCANS = 512, 4
"""Voxels of each scan, and scans, that make a batch."""
SNR = (5.0, 250.0)
START = (2.0, 1.0)
"""What the network says before training: log flow in its unit, and delay in s."""
VOLUME_WEIGHT, DELAY_WEIGHT, RESIDUE_WEIGHT = 1.5, 0.3, 1.0


class Truth(NamedTuple):
    """Log flow (n,) in the network's unit, delay (n,) in s, log MTT (n,) and residue (n, NODES)."""

    log_flow: torch.Tensor
    delay: torch.Tensor
    log_mtt: torch.Tensor
    residue: torch.Tensor


class Batch(NamedTuple):
    """Inputs (n, SIZE) and what lies behind them."""

    x: torch.Tensor
    truth: Truth


class Network(torch.nn.Module):
    """``network.respond`` with parameters that are trained."""

    def __init__(self, widths: Sequence[int], seed: int) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        self.values = torch.nn.ParameterDict()
        for layer, (fan_in, fan_out) in enumerate(pairwise((SIZE, *widths, OUTPUTS))):
            gain = 0.1 if layer == len(widths) else 1.0
            weight = gain * (2 / fan_in) ** 0.5 * torch.randn(fan_in, fan_out, generator=draw)
            self.values[f"weight{layer}"] = torch.nn.Parameter(weight)
            self.values[f"bias{layer}"] = torch.nn.Parameter(torch.zeros(fan_out))
        with torch.no_grad():
            self.values[f"bias{len(widths)}"][:2] = torch.tensor(START)

    def forward(self, x: torch.Tensor) -> Response:
        """Response to inputs (n, SIZE)."""
        return respond(dict(self.values.items()), x)


def residue_loss(found: Response, truth: Truth) -> torch.Tensor:
    """Mean absolute errors: log CBF, MTT and CBV, delay, and the residue over its transit time.

    Its minimum are medians. ∫|R − R_true| dt/MTT counts a residue's tail as much as its head.
    """
    areas = torch.as_tensor(AREAS, dtype=found.residue.dtype, device=found.residue.device)
    log_mtt = torch.log(found.residue @ areas)
    flow, transit = found.log_flow - truth.log_flow, log_mtt - truth.log_mtt
    apart = ((found.residue - truth.residue).abs() @ areas) / torch.exp(truth.log_mtt)
    return (
        flow.abs().mean()
        + transit.abs().mean()
        + VOLUME_WEIGHT * (flow + transit).abs().mean()
        + DELAY_WEIGHT * (found.delay - truth.delay).abs().mean()
        + RESIDUE_WEIGHT * apart.mean()
    )


def residues(scene: Scene) -> Float[np.ndarray, "n nodes"]:
    """The residue of every voxel at NODES."""
    tissue, found = scene.tissue, np.empty((scene.tissue.mtt.size, NODES.size))
    for place, name in enumerate(FAMILIES):
        of = np.flatnonzero(tissue.family == place)
        shape = tissue.shape[of]
        extra = () if np.isnan(shape).any() else (shape[:, None],)
        found[of] = RESIDUES[name](np.broadcast_to(NODES, (of.size, NODES.size)),
                                   tissue.mtt[of, None], *extra)  # fmt: skip
    return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Deconvolution:
    """A task for the training loop: every voxel of ``scenes`` once an epoch, under fresh noise.

    Validation uses ``held_out`` scans with noise that never changes.
    """

    module: Network
    scenes: Sequence[Scene]
    held_out: Sequence[Scene]
    prior: TissuePrior
    seed: int = 0

    @cached_property
    def _grids(self) -> list[Grid]:
        return [Grid.of(s.aif, s.dt) for s in self.scenes]

    @cached_property
    def _shapes(self) -> list[np.ndarray]:
        return [residues(s) for s in self.scenes]

    def steps(self) -> int:
        """Batches an epoch."""
        return len(self.scenes[0].clean) // CHUNK * (len(self.scenes) // SCANS)

    def batches(self, epoch: int, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """Batches of an epoch, those of one rank: scans in random groups, voxels in blocks."""
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.scenes))
        grids, shapes = self._grids, self._shapes
        for block in range(len(self.scenes[0].clean) // CHUNK):
            rows = slice(block * CHUNK, (block + 1) * CHUNK)
            for first in range(0, len(order) - SCANS + 1, SCANS):
                group = order[first : first + SCANS][rank::world]
                parts = [
                    self._part([self.seed, epoch, block, int(i)], self.scenes[i], grids[i],
                               shapes[i][rows], rows)
                    for i in group
                ]  # fmt: skip
                yield _joined(parts)

    def loss(self, batch: Batch) -> torch.Tensor:
        """See ``residue_loss``."""
        return residue_loss(self.module(batch.x), batch.truth)

    def validate(self) -> float:
        """Loss on the scans held out."""
        total, rows = 0.0, slice(0, CHUNK)
        with torch.no_grad():
            for i, scene in enumerate(self.held_out):
                grid = Grid.of(scene.aif, scene.dt)
                batch = _joined(
                    [self._part([self.seed, 1, i], scene, grid, residues(scene)[rows], rows)]
                )
                total += float(self.loss(batch))
        return total / len(self.held_out)

    def weights(self, provenance: Mapping[str, object]) -> Weights:
        """The network as it is now."""
        values = {name: v.detach().float().numpy() for name, v in self.module.values.items()}
        widths = [len(values[f"bias{i}"]) for i in range(len(values) // 2 - 1)]
        return Weights(
            kind="spinned",
            tensors=values,
            config={"widths": widths, "inputs": SIZE, "outputs": OUTPUTS},
            provenance=dict(provenance),
        )

    def _part(
        self, key: list[int], scene: Scene, grid: Grid, shapes: np.ndarray, rows: slice
    ) -> tuple[np.ndarray, ...]:
        """Inputs, log flow, delay, log MTT and residues of some voxels of a scan."""
        rng = np.random.default_rng(key)
        n = len(scene.clean[rows])
        cbv = self.prior.sample_cbv(rng, n)
        voxels = with_noise(rng, scene, rows, cbv, log_uniform(rng, SNR, n))
        own, scale = scaled(voxels.curves, grid)
        mtt = scene.tissue.mtt[rows]
        x = np.concatenate([own, np.broadcast_to(grid.known, (n, grid.known.size))], axis=1)
        log_flow = np.log(cbv / mtt * grid.area / scale)
        return x, log_flow, scene.tissue.delay[rows], np.log(mtt), shapes


def _joined(parts: Sequence[tuple[np.ndarray, ...]]) -> Batch:
    x, *truth = (
        torch.as_tensor(np.ascontiguousarray(np.concatenate(column), dtype=np.float32))
        for column in zip(*parts, strict=True)
    )
    return Batch(x, Truth(*truth))
