"""The method ``phae``: features, encoder, posterior, and the decoder's misfit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.data import CurveError, Description, Perfusion, WeightsError
from bolus.estimators.baseline import baseline_noise
from bolus.estimators.blocks import in_blocks
from bolus.estimators.fit import Fit, parametric_response
from bolus.estimators.papers import PHAE
from bolus.estimators.phae.decoder import RESIDUE, CurveTable, curve_table
from bolus.estimators.phae.features import SIZE, Basis, basis, features
from bolus.estimators.phae.network import CALIBRATION, LEVELS, OUTPUTS, QUANTITIES, encode
from bolus.estimators.phae.quantiles import QuantilePosterior
from bolus.estimators.protocol import Capabilities, CurveScale
from bolus.estimators.weights import Weights, hidden_widths, shipped_weights

SHORTEST_TR, LONGEST_TR, SHORTEST_SCAN = 0.45, 3.3, 38.0
"""What scans the encoder was trained on, s, with a small margin."""
ROWS = 2048
"""Voxels a block: their hidden layers stay in the cache."""


@dataclass(frozen=True)
class Phae:
    """Physics-informed autoencoder with a posterior, at any repetition time and length.

    The encoder reads the curve's impulse responses and noise and says the posterior's quantiles of
    MTT, CBV, CBF and delay, and the shape of the residue; the decoder is the forward model,
    C = CBF·AIF ⊗ R(t − delay) with a Weibull R of area MTT, and gives the misfit. Point estimates
    are medians, with CBF = CBV/MTT; Tmax is the delay. ``noise_sd`` None reads the noise from the
    frames before the artery's bolus.

    Source: the central volume theorem and decoder of the published autoencoder; quantile
    regression on simulated curves in place of its reconstruction loss.
    """

    weights: Weights = field(default_factory=partial(shipped_weights, "phae"))

    capabilities: ClassVar[Capabilities] = Capabilities(
        posterior=True, delay=True, response="model", linear=True, positive=True
    )
    description: ClassVar[Description] = Description(
        sentence="phae{chosen}, a physics-informed autoencoder after the idea of [phae]: a network "
        "reads regularised impulse responses, the noise and the scan, says quantiles of the "
        "posterior of MTT, CBV, CBF and delay, and the forward model decodes them",
        citations={"phae": PHAE},
    )

    def __post_init__(self) -> None:
        _check(self.weights)

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> "BoundPhae":
        """Its features' maps and decoder for one arterial input, in the precision of ``like``.

        Raises CurveError for a scan unlike those it was trained on: TR 0.5–3 s, 40 s or longer.
        """
        _check_scan(aif.size, dt)
        dtype, tensors = like.dtype, self.weights.tensors
        return BoundPhae(
            aif=aif,
            maps=Basis(*(np.asarray(m, dtype=dtype) for m in basis(aif, dt))),
            table=curve_table(aif, dt, dtype),
            parameters={k: v.astype(dtype) for k, v in tensors.items() if k != CALIBRATION},
            calibration=tensors[CALIBRATION],
        )


class Encoded(NamedTuple):
    """What the encoder says of n voxels, in seconds and as a ratio, and its quantiles' raw form."""

    cbv: Float[np.ndarray, " n"]
    mtt: Float[np.ndarray, " n"]
    delay: Float[np.ndarray, " n"]
    log_shape: Float[np.ndarray, " n"]
    medians: Float[np.ndarray, "n quantities"]
    offsets: Float[np.ndarray, "n quantities offsets"]


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundPhae:
    """``Phae`` bound to the arterial input ``aif``: its features' maps and its decoder's table."""

    aif: Float[np.ndarray, " t"]
    maps: Basis
    table: CurveTable
    parameters: Mapping[str, np.ndarray]
    calibration: Float[np.ndarray, "quantities 2"]

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion with a posterior; noise_sd (voxels, t) or (voxels, 1) in the curves' unit."""

        def block(curves: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, ...]:
            found = self._encoded(curves, sd)
            left = self._rebuilt(found)
            left -= curves
            return *found, np.sqrt(np.einsum("ij,ij->i", left, left) / left.shape[1])

        noise = self._noise(tissue, noise_sd)
        *parts, residual = in_blocks(block, tissue, noise, size=ROWS)
        return self._perfusion(Encoded(*parts), residual)

    def fit(self, curve: Float[np.ndarray, "1 t"], noise_sd: np.ndarray | None = None) -> Fit:
        """Medians of the posterior, decoded."""
        found = self._encoded(curve, self._noise(curve, noise_sd))
        cbv, mtt, delay, log_shape = (float(part[0]) for part in found[:4])
        rebuilt = self._rebuilt(found)
        residual = np.sqrt(np.mean(np.square(rebuilt - curve), axis=1))
        times, response = parametric_response(cbv / mtt, mtt, delay, RESIDUE, np.exp(log_shape))
        return Fit(self._perfusion(found, residual), rebuilt[0], times, response)

    def _noise(self, tissue: np.ndarray, noise_sd: np.ndarray | None) -> np.ndarray:
        return (
            baseline_noise(tissue, self.aif)
            if noise_sd is None
            else noise_sd.mean(axis=1, keepdims=True)
        )

    def _encoded(self, curves: np.ndarray, sd: np.ndarray) -> Encoded:
        x, scale = features(curves, sd, self.maps)
        found = encode(self.parameters, x)
        log_cbv = found.log_cbv + np.log(scale)
        medians = np.stack([found.log_mtt, log_cbv, found.delay, log_cbv - found.log_mtt], axis=1)
        volume, transit = np.exp(log_cbv), np.exp(found.log_mtt)
        return Encoded(volume, transit, found.delay, found.log_shape, medians, found.offsets)

    def _rebuilt(self, found: Encoded) -> Float[np.ndarray, "n t"]:
        return self.table.rebuild(found.cbv, found.mtt, found.delay, found.log_shape)

    def _perfusion(self, found: Encoded, residual: np.ndarray) -> Perfusion:
        return Perfusion(
            cbv=found.cbv,
            cbf=found.cbv / found.mtt,
            mtt=found.mtt,
            tmax=found.delay,
            delay=found.delay,
            residual=residual,
            posterior=QuantilePosterior(found.medians, found.offsets, self.calibration),
        )


def _check_scan(frames: int, dt: float) -> None:
    if not (SHORTEST_TR <= dt <= LONGEST_TR and frames * dt >= SHORTEST_SCAN):
        raise CurveError(
            f"phae is trained for a TR of 0.5 to 3 s and scans of 40 s or more, found {dt:g} s and "
            f"{frames * dt:g} s; 'osvd' takes any"
        )


def _check(weights: Weights) -> None:
    """Refuse weights that are not this encoder's."""
    if weights.kind != "phae":
        raise WeightsError(f"these are weights of '{weights.kind}', expected 'phae'")
    told = {name: weights.config.get(name) for name in ("features", "levels")}
    expected = {"features": SIZE, "levels": list(LEVELS)}
    if told != expected:
        raise WeightsError(f"weights were made for {told}; this version has {expected}")
    sizes = [SIZE, *hidden_widths(weights), OUTPUTS]
    shapes: dict[str, tuple[int, ...]] = {CALIBRATION: (len(QUANTITIES), 2)}
    for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        shapes |= {f"weight{layer}": (fan_in, fan_out), f"bias{layer}": (fan_out,)}
    weights.check_shapes(shapes)
