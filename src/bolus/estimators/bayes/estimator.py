"""The reference posterior: brute force over residue family × MTT × delay."""

from dataclasses import dataclass, field
from typing import ClassVar, cast

import numpy as np
from jaxtyping import Float

from bolus.data import Description, Perfusion
from bolus.estimators.bayes.posterior import GridPosterior, Summary, summarise
from bolus.estimators.bayes.prior import Prior
from bolus.estimators.blocks import in_blocks
from bolus.estimators.fit import Fit, parametric_response
from bolus.estimators.papers import BOUTELIER, MOURIDSEN
from bolus.estimators.protocol import Capabilities, CurveScale

FREE_PARAMETERS = 5
"""Amplitude, MTT, delay, family and offset: taken off the frames to read noise from a best fit."""


@dataclass(frozen=True)
class Bayes:
    """Posterior of CBV, CBF, MTT and delay under Gaussian noise and a grid prior.

    A constant offset of the curve (the error of its baseline, S0) is free and projected out. Every
    cell's amplitude is profiled and its Gaussian width integrated over the prior of CBV.
    Point estimates are posterior means: of the logarithm for CBV, CBF and MTT, so that
    CBV = CBF·MTT holds, and of the delay itself; Tmax is the delay. ``noise_sd`` None reads the
    noise off the best fit. Slow by design: the yardstick for the other methods, and a source of
    labels.

    Source: Bayes' theorem on the forward model; Mouridsen et al., Neuroimage 2006;33:570, and
    Boutelier et al., IEEE Trans Med Imaging 2012;31:1381, for its use in perfusion.
    """

    prior: Prior = field(default_factory=Prior)

    capabilities: ClassVar[Capabilities] = Capabilities(
        posterior=True,
        delay=True,
        delay_invariant=True,
        censoring=True,
        response="model",
        positive=True,
    )

    description: ClassVar[Description] = Description(
        sentence="Bayesian estimation on a grid of residue functions, transit times and delays "
        "[bayes] [boutelier]{chosen}",
        citations={"bayes": MOURIDSEN, "boutelier": BOUTELIER},
    )

    def bind(self, aif: Float[np.ndarray, " t"], dt: float, *, like: CurveScale) -> "BoundBayes":
        """The prior's curves for one arterial input, in the precision of ``like``.

        Of the call, a sample of infinite noise has no weight, and does not count in the residual.
        """
        bank = self.prior.templates(aif, dt).reshape(-1, aif.size)
        return BoundBayes(self.prior, bank.astype(like.dtype))


@dataclass(frozen=True, eq=False)
class BoundBayes:
    """``Bayes`` bound to one arterial input: ``bank`` (cells, t) are its curves of CBV 1."""

    prior: Prior
    bank: Float[np.ndarray, "cells t"]

    def __call__(
        self, tissue: Float[np.ndarray, "voxels t"], noise_sd: np.ndarray | None = None
    ) -> Perfusion:
        """Perfusion with a posterior; noise_sd (voxels, t) or (voxels, 1) in the curves' unit."""
        bank = self.bank
        noise = _fit_noise(tissue, bank, self.prior.cbv[0]) if noise_sd is None else noise_sd

        def block(curves: np.ndarray, sd: np.ndarray) -> Summary:
            return summarise(*amplitudes(curves, sd, bank), self.prior)

        summary = Summary(*in_blocks(block, tissue, noise, size=128))
        residual = np.std(tissue - self._best(summary), axis=1, where=_counted(noise))
        return _perfusion(summary, residual, GridPosterior(summary, self.prior))

    def fit(self, curve: Float[np.ndarray, "1 t"], noise_sd: np.ndarray | None = None) -> Fit:
        """The most probable cell, with the offset that is free in the fit."""
        perfusion = self(curve, noise_sd)
        summary = cast(GridPosterior, perfusion.posterior).summary
        best = self._best(summary)[0]
        (name, shape), mtt, delay = self.prior.cell(int(summary.best[0]))
        flow = float(summary.amplitude[0]) / mtt
        return Fit(
            perfusion,
            best + np.mean(curve - best, where=True if noise_sd is None else _counted(noise_sd)),
            *parametric_response(flow, mtt, delay, name, shape),
        )

    def _best(self, summary: Summary) -> Float[np.ndarray, "voxels t"]:
        return self.bank[summary.best] * summary.amplitude[:, None]


def _counted(sd: np.ndarray) -> np.ndarray | bool:
    """Samples that have weight; plainly True where all have."""
    finite = np.isfinite(sd)
    return True if finite.all() else finite


def amplitudes(
    curves: np.ndarray, sd: np.ndarray, bank: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Best amplitude of every template and its inverse variance, a free constant projected out.

    Both (voxels, cells); with equal noise in all frames the inverse variance is (voxels, cells) by
    broadcasting alone.
    """
    weight = 1 / sd**2
    if sd.shape[1] == 1:
        centred = bank - bank.mean(axis=1, keepdims=True)
        size = _seen(np.einsum("ij,ij->i", centred, centred))
        return curves @ centred.T / size, weight * size
    total = weight.sum(axis=1, keepdims=True)
    weighted = curves * weight
    mean = weight @ bank.T / total
    precision = _seen(weight @ np.square(bank).T - total * mean**2)
    shared = weighted @ bank.T - weighted.sum(axis=1, keepdims=True) * mean
    return shared / precision, precision


def _seen(energy: np.ndarray) -> np.ndarray:
    """Energy of templates, above zero also for one whose bolus falls outside the window."""
    return np.maximum(energy, 1e-9 * energy.max(axis=-1, keepdims=True))


def _fit_noise(tissue: np.ndarray, bank: np.ndarray, least: float) -> np.ndarray:
    """SD of curve minus its best template, (voxels, 1).

    Never under a thousandth of the curve's peak, nor of the highest template at CBV ``least``.
    """
    unit = bank - bank.mean(axis=1, keepdims=True)
    unit /= np.sqrt(_seen(np.square(unit).sum(axis=1)))[:, None]
    freedom = tissue.shape[1] - FREE_PARAMETERS

    def block(curves: np.ndarray) -> tuple[np.ndarray]:
        centred = curves - curves.mean(axis=1, keepdims=True)
        explained = np.maximum(centred @ unit.T, 0).max(axis=1) ** 2
        left = np.einsum("ij,ij->i", centred, centred) - explained
        return (np.sqrt(np.maximum(left, 0) / freedom),)

    floor = 1e-3 * np.maximum(np.abs(tissue).max(axis=1), least * np.abs(bank).max())
    return np.maximum(in_blocks(block, tissue, size=512)[0], floor)[:, None]


def _perfusion(summary: Summary, residual: np.ndarray, posterior: GridPosterior) -> Perfusion:
    delay = summary.delay
    return Perfusion(
        cbv=np.exp(summary.log_cbv),
        cbf=np.exp(summary.log_cbv - summary.log_mtt),
        mtt=np.exp(summary.log_mtt),
        tmax=delay,
        delay=delay,
        residual=residual,
        posterior=posterior,
    )
