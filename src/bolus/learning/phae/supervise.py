"""Training of ``phae``: the posterior from simulation, the residue's shape through the decoder."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from bolus.estimators.phae import features as seen
from bolus.estimators.phae.network import (
    CALIBRATION,
    LEVELS,
    MEDIANS,
    OUTPUTS,
    QUANTITIES,
    Outputs,
    encode,
    quantiles,
)
from bolus.estimators.weights import Weights
from bolus.learning.phae.scenes import Scene, TissuePrior, log_uniform, with_noise
from bolus.physics import RESIDUES, ForwardModel

START = (np.log(5.0), np.log(5.0), 1.0)
"""Medians before training: MTT 5 s, CBV 5 s of the scale, delay 1 s."""
QUANTITY_WEIGHT = {"mtt": 1.0, "cbv": 1.5, "delay": 0.5, "cbf": 1.0}
"""Weights of log MTT, log CBV, delay (1/s) and log CBF in the loss."""
SHAPE_WEIGHT = 0.1
"""Of the decoder's loss."""


class Decode(NamedTuple):
    """A few voxels of one scan: the ``rows`` of the batch, their curves (m, t) and noise (m, 1)."""

    rows: slice
    aif: torch.Tensor
    dt: float
    curves: torch.Tensor
    noise_sd: torch.Tensor


class Batch(NamedTuple):
    """Features (n, size); log MTT, log CBV over scale, delay (n, 3); scale (n,); decoding."""

    x: torch.Tensor
    truth: torch.Tensor
    scale: torch.Tensor
    decode: tuple[Decode, ...]


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """How batches are made: ``chunk`` voxels of each of ``scans`` scans.

    ``decoded`` voxels of each scan are decoded in every ``decode_every``-th batch. ``snr`` is
    log-uniform.
    """

    chunk: int = 512
    scans: int = 4
    decoded: int = 16
    decode_every: int = 4
    snr: tuple[float, float] = (5.0, 250.0)


class Encoder(torch.nn.Module):
    """``network.encode`` with its parameters; inputs are standardised by ``mean`` and ``sd``."""

    def __init__(
        self, widths: Sequence[int], mean: np.ndarray, sd: np.ndarray, seed: int = 0
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32))
        self.register_buffer("sd", torch.as_tensor(sd, dtype=torch.float32))
        sizes = (seen.SIZE, *widths, OUTPUTS)
        draw = torch.Generator().manual_seed(seed)
        self.values = torch.nn.ParameterDict()
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            gain = 0.1 if fan_out == OUTPUTS else 1.0
            weight = gain * (2 / fan_in) ** 0.5 * torch.randn(fan_in, fan_out, generator=draw)
            self.values[f"weight{layer}"] = torch.nn.Parameter(weight)
            self.values[f"bias{layer}"] = torch.nn.Parameter(torch.zeros(fan_out))
        with torch.no_grad():
            last = self.values[f"bias{len(widths)}"]
            last[:MEDIANS] = torch.tensor(START)
            last[MEDIANS:-1] = -1.0

    def forward(self, x: torch.Tensor) -> Outputs:
        """Outputs for features (n, size)."""
        return encode(dict(self.values.items()), (x - self.mean) / self.sd)


def posterior_loss(found: Outputs, truth: torch.Tensor) -> torch.Tensor:
    """Pinball loss at LEVELS of log MTT, log CBV, delay and log CBF, weighted and averaged.

    Its minimum are the posterior's quantiles. Source: Koenker & Bassett, Econometrica 1978;46:33.
    """
    log_mtt, log_cbv, delay = truth.unbind(1)
    medians = (found.log_mtt, found.log_cbv, found.delay, found.log_cbv - found.log_mtt)
    true = (log_mtt, log_cbv, delay, log_cbv - log_mtt)
    level = torch.tensor(LEVELS, device=truth.device)
    total = torch.zeros((), device=truth.device)
    for place, name in enumerate(QUANTITIES):
        values = torch.stack(quantiles(medians[place], found.offsets[:, place]), dim=1)
        short = true[place][:, None] - values
        pinball = torch.maximum(level * short, (level - 1) * short)
        total = total + QUANTITY_WEIGHT[name] * pinball.mean()
    return total


def shape_loss(found: Outputs, scale: torch.Tensor, decode: Decode) -> torch.Tensor:
    """Mean log(1 + χ²) of the decoded curves, χ² the mean squared misfit in units of the noise.

    The decoder is the forward model with a Weibull residue; of all the outputs only the shape
    learns from it, so that the posterior keeps its calibration.
    """
    rows = decode.rows
    mtt = found.log_mtt[rows].detach().exp()
    cbf = scale[rows] * (found.log_cbv[rows].detach().exp() / mtt)
    delay, shape = found.delay[rows].detach(), found.log_shape[rows].exp()
    rebuilt = ForwardModel(decode.aif, decode.dt, RESIDUES["weibull"])(cbf, mtt, delay, shape)
    misfit = ((decode.curves - rebuilt) / decode.noise_sd).square().mean(dim=1)
    return torch.log1p(misfit).mean()


@dataclass(frozen=True, eq=False, kw_only=True)
class Supervised:
    """The encoder learns the posterior of simulated scans; a task for the training loop.

    An epoch uses every voxel of ``scenes`` once, with a fresh CBV and fresh noise each; validation
    uses ``held_out`` with noise that never changes. ``start`` are weights to go on from.
    """

    module: Encoder
    scenes: Sequence[Scene]
    held_out: Sequence[Scene]
    prior: TissuePrior
    seed: int = 0
    mixture: Mixture = field(default_factory=Mixture)

    @property
    def fingerprint(self) -> str:
        """Seed, mixture, prior and a digest of the scans."""
        digest = hashlib.sha256()
        for scene in (*self.scenes, *self.held_out):
            digest.update(scene.clean[:2].tobytes() + scene.aif.tobytes())
        return f"{self.seed} {self.mixture} {self.prior} {digest.hexdigest()}"

    def steps(self) -> int:
        """Batches an epoch."""
        blocks = len(self.scenes[0].clean) // self.mixture.chunk
        return blocks * (len(self.scenes) // self.mixture.scans)

    def batches(self, epoch: int, rank: int = 0, world: int = 1) -> Iterator[Batch]:
        """Batches of an epoch, those of one rank: scans in random groups, voxels in blocks."""
        rng = np.random.default_rng([self.seed, epoch])
        mix = self.mixture
        order = rng.permutation(len(self.scenes))
        maps = [_single(seen.basis(s.aif, s.dt)) for s in self.scenes]
        for block in range(len(self.scenes[0].clean) // mix.chunk):
            rows = slice(block * mix.chunk, (block + 1) * mix.chunk)
            for first in range(0, len(order) - mix.scans + 1, mix.scans):
                key = [self.seed, epoch, block, first]
                group = order[first : first + mix.scans][rank::world]
                few = mix.decoded if first // mix.scans % mix.decode_every == 0 else 0
                yield mixed(
                    key, [(self.scenes[i], maps[i], int(i)) for i in group], rows, self, few
                )

    def loss(self, batch: Batch) -> torch.Tensor:
        """Posterior loss and, with a small weight, the decoder's."""
        found = self.module(batch.x)
        posterior = posterior_loss(found, batch.truth)
        if not batch.decode:
            return posterior
        shapes = [shape_loss(found, batch.scale, decode) for decode in batch.decode]
        return posterior + SHAPE_WEIGHT * torch.stack(shapes).mean()

    def validate(self) -> float:
        """Posterior loss on the scans held out."""
        total = 0.0
        rows = slice(0, self.mixture.chunk)
        with torch.no_grad():
            for i, scene in enumerate(self.held_out):
                maps = _single(seen.basis(scene.aif, scene.dt))
                batch = mixed([self.seed, 1, i], [(scene, maps, i)], rows, self, 0)
                total += float(posterior_loss(self.module(batch.x), batch.truth))
        return total / len(self.held_out)

    def weights(self, provenance: Mapping[str, object]) -> Weights:
        """The encoder as it is now, with the standardisation folded into its first layer."""
        return encoder_weights(self.module, provenance)


def mixed(
    key: Sequence[int],
    group: Sequence[tuple[Scene, seen.Basis, int]],
    rows: slice,
    task: Supervised,
    few: int,
) -> Batch:
    """The same rows of several scans, noise seeded by ``key`` and scan; ``few`` to be decoded."""
    parts, decode, begun = [], [], 0
    for scene, maps, number in group:
        rng = np.random.default_rng([*key, int(number)])
        n = len(scene.clean[rows])
        cbv = task.prior.sample_cbv(rng, n)
        voxels = with_noise(rng, scene, rows, cbv, log_uniform(rng, task.mixture.snr, n))
        x, scale = seen.features(voxels.curves, voxels.noise_sd, maps)
        truth = [np.log(scene.tissue.mtt[rows]), np.log(cbv / scale), scene.tissue.delay[rows]]
        parts.append((x, np.stack(truth, axis=1), scale))
        decode.append(
            Decode(
                slice(begun, begun + few),
                _tensor(scene.aif),
                scene.dt,
                _tensor(voxels.curves[:few]),
                _tensor(voxels.noise_sd[:few]),
            )
        )
        begun += n
    x, truth, scale = [_tensor(np.concatenate(column)) for column in zip(*parts, strict=True)]
    return Batch(x, truth, scale, tuple(decode) if few else ())


def statistics(task_scenes: Sequence[Scene], prior: TissuePrior, seed: int) -> np.ndarray:
    """Mean and SD of the features over simulated scans, (2, size)."""
    rows, parts = slice(0, 128), []
    for i, scene in enumerate(task_scenes):
        rng = np.random.default_rng([seed, 2, i])
        n = len(scene.clean[rows])
        snr = log_uniform(rng, Mixture().snr, n)
        voxels = with_noise(rng, scene, rows, prior.sample_cbv(rng, n), snr)
        maps = _single(seen.basis(scene.aif, scene.dt))
        parts.append(seen.features(voxels.curves, voxels.noise_sd, maps)[0])
    every = np.concatenate(parts)
    return np.stack([every.mean(axis=0), every.std(axis=0) + 1e-3])


def encoder_weights(encoder: Encoder, provenance: Mapping[str, object]) -> Weights:
    """Weights of an encoder, standardisation folded in."""
    values = {name: value.detach().double() for name, value in encoder.values.items()}
    mean, sd = encoder.mean.double(), encoder.sd.double()
    values["bias0"] = values["bias0"] - (mean / sd) @ values["weight0"]
    values["weight0"] = values["weight0"] / sd[:, None]
    widths = [len(values[f"bias{i}"]) for i in range(len(values) // 2 - 1)]
    values[CALIBRATION] = torch.zeros(len(QUANTITIES), 2)
    return Weights(
        kind="phae",
        tensors={name: value.float().numpy() for name, value in values.items()},
        config={"widths": widths, "features": seen.SIZE, "levels": list(LEVELS)},
        provenance=dict(provenance),
    )


def _single(maps: seen.Basis) -> seen.Basis:
    return seen.Basis(*(np.asarray(m, dtype=np.float32) for m in maps))


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.ascontiguousarray(values, dtype=np.float32))
