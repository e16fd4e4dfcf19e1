"""From the published autoencoder to ``phae`` in five steps, each trained small and alike."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from array_api_compat import array_namespace
from jaxtyping import Float

from bolus.data import InputError, Perfusion
from bolus.estimators.phae import features as seen
from bolus.estimators.phae.estimator import Phae
from bolus.estimators.protocol import CurveScale
from bolus.learning.phae.scenes import (
    BroadPrior,
    ScanPrior,
    Scene,
    Voxels,
    log_uniform,
    random_input,
    scene,
    with_noise,
)
from bolus.learning.phae.supervise import Encoder, encoder_weights, posterior_loss, statistics
from bolus.physics import RESIDUES, ForwardModel, blood_volume, cbv_scale, convolve

STEPS = ("paper", "quadrature", "delay", "shape", "prior", "features")
"""Each step keeps what the one before it added."""
DT, FRAMES, TE = 1.5, 60, 0.03
PRIOR = BroadPrior(
    mtt=(1.5, 20.0),
    delay=(-1.0, 4.0),
    delay_taper=0.0,
    cbv=(1 / cbv_scale(), 8 / cbv_scale()),
    unusual=0.0,
    weibull=0.0,
)
"""The benchmark's tissue; the arterial inputs are training's own."""
NORMAL_PRIOR = {"log_mtt": (1.70, 0.75), "delay": (1.5, 1.44), "log_shape": (0.6, 0.8)}
"""Mean and SD of the prior of the fifth step: moments of PRIOR; the shape's over its residues."""
CBV_PRIOR = (0.0477, 0.0275)
LEAST_CBV = 0.002
FLOOR = 0.3
"""Shortest transit time in s."""


@dataclass(frozen=True, kw_only=True)
class AblationTraining:
    """The same for every step: ``scans`` of ``voxels`` curves, all of them once an epoch.

    Batches take ``chunk`` voxels of each of ``mixed`` scans, CBV, noise and SNR (log-uniform) drawn
    anew; Adam with a learning rate that falls from ``lr`` as a cosine. ``channels`` of the
    convolutions, ``widths`` of the last step's layers.
    """

    scans: int = 128
    voxels: int = 384
    epochs: int = 2
    mixed: int = 8
    chunk: int = 16
    lr: float = 1e-3
    snr: tuple[float, float] = (10.0, 100.0)
    channels: tuple[int, ...] = (16, 32, 64, 128)
    widths: tuple[int, ...] = (256, 256, 256)

    @property
    def curves(self) -> int:
        """Curves seen in all."""
        return self.epochs * self.steps_an_epoch * self.mixed * self.chunk

    @property
    def steps_an_epoch(self) -> int:
        """Updates in an epoch."""
        return (self.voxels // self.chunk) * (self.scans // self.mixed)


def training_scenes(seed: int, settings: AblationTraining) -> list[Scene]:
    """Scans with random arterial inputs, TR 1.5 s and 90 s long, to train every step of a seed."""
    rng, time = np.random.default_rng([seed, 31]), DT * np.arange(FRAMES)
    scans = ScanPrior(te=(TE, TE))
    return [
        scene(rng, PRIOR, settings.voxels, random_input(rng, time), DT, scans, noisy=False)
        for _ in range(settings.scans)
    ]


def train_step(
    step: str, scenes: Sequence[Scene], seed: int, settings: AblationTraining
) -> "PhysicsEncoder | Phae":
    """An estimator of one of STEPS, trained from scratch on ``scenes``, one thread's work.

    Raises InputError for another name.
    """
    if step not in STEPS:
        raise InputError(f"the steps are {', '.join(STEPS)}, found '{step}'")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        if step == "features":
            return _train_features(scenes, seed, settings)
        return _train_convolutions(step, scenes, seed, settings)
    finally:
        torch.set_num_threads(threads)


def _train_convolutions(
    step: str, scenes: Sequence[Scene], seed: int, settings: AblationTraining
) -> "PhysicsEncoder":
    place = STEPS.index(step)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = Convolutions(settings.channels, 1 + (place > 1) + (place > 2))
    _descend(module, settings, _reconstructions(module, step, scenes, seed, settings))
    return PhysicsEncoder(module.eval(), step)


class Convolutions(torch.nn.Module):
    """The published encoder: four convolutions, the mean over time, one affine layer.

    Input (n, 2, t): curve and arterial input over the maximum of the latter. Output (n, outputs):
    a raw MTT, a delay in s, a raw shape.
    """

    def __init__(self, channels: Sequence[int], outputs: int) -> None:
        super().__init__()
        layers: list[torch.nn.Module] = []
        for fan_in, fan_out in zip((2, *channels), channels, strict=False):
            layers.append(torch.nn.Conv1d(fan_in, fan_out, 3, padding=1))
            layers.append(torch.nn.BatchNorm1d(fan_out))
            layers.append(torch.nn.LeakyReLU(0.02))
        self.body = torch.nn.Sequential(*layers)
        self.head = torch.nn.Linear(channels[-1], outputs)
        with torch.no_grad():
            self.head.bias[:] = torch.tensor([4.7, 0.0, -0.35])[:outputs]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Raw outputs (n, outputs)."""
        return self.head(self.body(x).mean(dim=-1))


@dataclass(frozen=True, eq=False)
class PhysicsEncoder:
    """A convolutional encoder with the decoder of its step, as an estimator without posterior."""

    module: Convolutions
    step: str

    def bind(
        self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale
    ) -> "BoundPhysicsEncoder":
        """The encoder for one arterial input."""
        artery = torch.as_tensor(aif, dtype=torch.float32)
        return BoundPhysicsEncoder(self.module, self.step, artery, dt)


@dataclass(frozen=True, eq=False)
class BoundPhysicsEncoder:
    """``PhysicsEncoder`` bound to an arterial input (t,)."""

    module: Convolutions
    step: str
    artery: torch.Tensor
    dt: float

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion of curves (voxels, t); the step ``prior`` needs ``noise_sd``, (voxels, 1)."""
        curves = torch.as_tensor(tissue, dtype=torch.float32)
        artery = self.artery.expand_as(curves)
        noise = torch.ones(1, 1) if noise_sd is None else torch.as_tensor(noise_sd).float()
        with torch.no_grad():
            guess = _guess(self.module, curves, artery)
            cbv, rebuilt = _rebuild(self.step, guess, curves, artery, self.dt, noise)
        found = [np.asarray(v, dtype=tissue.dtype) for v in (cbv, guess.mtt, guess.delay)]
        residual = np.sqrt(np.square(tissue - rebuilt.numpy()).mean(axis=1))
        volume, mtt, delay = found
        return Perfusion(volume, volume / mtt, mtt, delay, delay, residual.astype(tissue.dtype))


@dataclass(frozen=True, eq=False)
class _Guess:
    """What the encoder says: MTT and delay in s, log of the Weibull shape, all (n,)."""

    mtt: torch.Tensor
    delay: torch.Tensor
    log_shape: torch.Tensor


def _guess(module: Convolutions, curves: torch.Tensor, artery: torch.Tensor) -> _Guess:
    """Curves and arterial inputs, both (n, t), over the maximum of the latter: the subject's."""
    most = artery.amax(dim=1, keepdim=True)
    raw = module(torch.stack([curves / most, artery / most], dim=1))
    none = torch.zeros_like(raw[:, 0])
    return _Guess(
        mtt=FLOOR + torch.nn.functional.softplus(raw[:, 0]),
        delay=raw[:, 1] if raw.shape[1] > 1 else none,
        log_shape=0.8 + 1.5 * torch.tanh(raw[:, 2]) if raw.shape[1] > 2 else none,
    )


def _rebuild(
    step: str,
    guess: _Guess,
    curves: torch.Tensor,
    artery: torch.Tensor,
    dt: float,
    noise: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """CBV (n,) and the curves (n, t) rebuilt by the decoder of the step."""
    one = 1 / guess.mtt
    if step == "paper":
        unit = rectangle_sum(artery, dt, guess.mtt)
    elif step in ("quadrature", "delay"):
        unit = ForwardModel(artery, dt, RESIDUES["lorentzian"])(one, guess.mtt, guess.delay)
    else:
        shape = guess.log_shape.exp()
        unit = ForwardModel(artery, dt, RESIDUES["weibull"])(one, guess.mtt, guess.delay, shape)
    if step == "prior":
        return _likely_volume(curves, unit, noise)
    cbv = blood_volume(curves, artery)
    return cbv, cbv[:, None] * unit


def rectangle_sum(artery: torch.Tensor, dt: float, mtt: torch.Tensor) -> torch.Tensor:
    """The paper's convolution for CBV 1: dt·Σⱼ AIF[j]·R((i−j)·dt) with full weight at R(0)."""
    xp = array_namespace(artery)
    lags = dt * xp.arange(artery.shape[-1], dtype=mtt.dtype)
    weights = dt * RESIDUES["lorentzian"](lags, mtt[:, None])
    return convolve(artery, weights, 0) / mtt[:, None]


def _likely_volume(
    curves: torch.Tensor, unit: torch.Tensor, noise: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Most probable CBV under noise, its normal prior and a free constant; the best curve."""
    mean, sd = CBV_PRIOR
    offset = curves.mean(dim=1, keepdim=True)
    centre = unit.mean(dim=1, keepdim=True)
    shared = ((curves - offset) * (unit - centre) / noise**2).sum(dim=1)
    energy = ((unit - centre) ** 2 / noise**2).sum(dim=1)
    cbv = (shared + mean / sd**2) / (energy + 1 / sd**2)
    cbv = torch.clamp(cbv, min=LEAST_CBV)
    return cbv, cbv[:, None] * (unit - centre) + offset


def step_loss(
    module: Convolutions,
    step: str,
    curves: torch.Tensor,
    artery: torch.Tensor,
    noise: torch.Tensor,
) -> torch.Tensor:
    """Mean absolute error of the reconstruction; for ``prior`` the negative log posterior."""
    guess = _guess(module, curves, artery)
    cbv, rebuilt = _rebuild(step, guess, curves, artery, DT, noise)
    if step != "prior":
        return ((curves - rebuilt).abs().mean(dim=1) / artery.amax(dim=1)).mean()
    misfit = ((curves - rebuilt) / noise).square().sum(dim=1) / 2
    values = {"log_mtt": guess.mtt.log(), "delay": guess.delay, "log_shape": guess.log_shape}
    for name, (mean, sd) in NORMAL_PRIOR.items():
        misfit = misfit + ((values[name] - mean) / sd).square() / 2
    return (misfit + ((cbv - CBV_PRIOR[0]) / CBV_PRIOR[1]).square() / 2).mean()


def _reconstructions(
    module: Convolutions,
    step: str,
    scenes: Sequence[Scene],
    seed: int,
    settings: AblationTraining,
) -> Iterator[torch.Tensor]:
    for group in _groups(scenes, seed, settings):
        curves = torch.cat([torch.as_tensor(v.curves) for _, v, _ in group])
        noise = torch.cat([torch.as_tensor(v.noise_sd) for _, v, _ in group])
        arteries = np.stack([s.aif for s, _, _ in group]).astype(np.float32)
        artery = torch.as_tensor(arteries).repeat_interleave(settings.chunk, dim=0)
        yield step_loss(module, step, curves.float(), artery, noise.float())


def _train_features(scenes: Sequence[Scene], seed: int, settings: AblationTraining) -> Phae:
    mean, sd = statistics(scenes, PRIOR, seed)
    encoder = Encoder(settings.widths, mean, sd, seed)
    maps = {id(s): seen.basis(s.aif, s.dt) for s in scenes}

    def losses() -> Iterator[torch.Tensor]:
        for group in _groups(scenes, seed, settings):
            parts = []
            for scan, voxels, rows in group:
                x, scale = seen.features(voxels.curves, voxels.noise_sd, maps[id(scan)])
                tissue = scan.tissue
                truth = [np.log(tissue.mtt[rows]), np.log(voxels.cbv / scale), tissue.delay[rows]]
                parts.append((x, np.stack(truth, axis=1)))
            x, truth = (
                torch.as_tensor(np.concatenate(c).astype(np.float32))
                for c in zip(*parts, strict=True)
            )
            yield posterior_loss(encoder(x), truth)

    _descend(encoder, settings, losses())
    return Phae(encoder_weights(encoder, {"recipe": "ablation", "seed": seed}))


def _groups(
    scenes: Sequence[Scene], seed: int, settings: AblationTraining
) -> Iterator[list[tuple[Scene, Voxels, slice]]]:
    """The batches of a seed, the same whatever the step."""
    for epoch in range(settings.epochs):
        for block in range(settings.voxels // settings.chunk):
            rng = np.random.default_rng([seed, epoch, block, 32])
            rows = slice(block * settings.chunk, (block + 1) * settings.chunk)
            order = rng.permutation(len(scenes))
            for first in range(0, len(order) - settings.mixed + 1, settings.mixed):
                group = [scenes[i] for i in order[first : first + settings.mixed]]
                yield [(s, _noisy(rng, s, rows, settings), rows) for s in group]


def _noisy(
    rng: np.random.Generator, scan: Scene, rows: slice, settings: AblationTraining
) -> Voxels:
    cbv = PRIOR.sample_cbv(rng, settings.chunk)
    return with_noise(rng, scan, rows, cbv, log_uniform(rng, settings.snr, settings.chunk))


def _descend(
    module: torch.nn.Module, settings: AblationTraining, losses: Iterator[torch.Tensor]
) -> None:
    """One update a loss, gradients no longer than 1, the learning rate falling as a cosine."""
    optimiser = torch.optim.Adam(module.parameters(), lr=settings.lr)
    total = settings.epochs * settings.steps_an_epoch
    for number, loss in enumerate(losses):
        for group in optimiser.param_groups:
            group["lr"] = settings.lr * (1 + math.cos(math.pi * number / total)) / 2
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
