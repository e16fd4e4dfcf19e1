"""The drift of a head, learned from all its voxels: empirical Bayes."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from bolus.patient.drift.evidence import Evidence

CLASSES = 5
"""Classes of voxels by blood volume; noise of the model goes with it."""
LEARNED_FROM = 250
"""Voxels of a class that its variances are learned from at most, evenly taken."""
ROUNDS = 15
START_SD = np.array([0.01, 0.1, 0.1])
"""SDs of drift and traces, of log signal, that learning begins with."""
LEAK_SD = 0.25
"""SD of the traces of a voxel that leaks, of log signal."""
LEAKING = (1.0, 20.0)
"""Voxels thought to leak, and voxels, that every class has besides its own."""
FIELD_SD = 0.1
"""SD of a coefficient of the drift's field before anything is seen, of log signal."""
ENOUGH = 8.0
"""Log evidence of a class that its voxels drift on their own, from which that is believed."""
LEAST_OWN = 0.007
"""SD of what voxels drift on their own, of log signal, under which that is not."""
_TINY = 1e-8

Classes = list[tuple[Evidence, Float[np.ndarray, "n columns"]]]
"""Of every class some of its curves, and the columns of their places."""


class Moments(NamedTuple):
    """Posterior of curves under one prior: log evidence, mean, variance, and what the means say.

    ``information`` and ``toward`` are those of the prior's mean: it is the better known, the wider
    the prior is against the evidence.
    """

    log: Float[np.ndarray, " n"]
    mean: Float[np.ndarray, "n 3"]
    variance: Float[np.ndarray, "n 3"]
    information: Float[np.ndarray, "n 3 3"]
    toward: Float[np.ndarray, "n 3"]


@dataclass(frozen=True, eq=False)
class Learned:
    """The drift of a head: its field, and how voxels vary about it.

    ``field`` are coefficients of the columns that describe places, ``tail`` the traces of voxels
    of blood volume 1; ``volume`` (c,) of each class, ``variance`` (c, 3) of drift and traces there,
    ``leaking`` (c,) the share of voxels that leak.
    """

    field: Float[np.ndarray, " columns"]
    tail: Float[np.ndarray, " two"]
    volume: Float[np.ndarray, " c"]
    variance: Float[np.ndarray, "c 3"]
    leaking: Float[np.ndarray, " c"]

    @property
    def voxelwise(self) -> bool:
        """Whether voxels drift on their own."""
        return bool((self.variance[:, 0] > _TINY).any())

    def of_class(
        self,
        number: int,
        evidence: Evidence,
        columns: Float[np.ndarray, "n columns"],
        variance: Float[np.ndarray, " 3"],
    ) -> "Prior":
        """The prior of the curves of one class, with that variance of drift and traces."""
        n = len(columns)
        return Prior(
            _means(columns @ self.field, evidence.volume, self.tail),
            np.tile(variance, (n, 1)),
            np.full(n, self.leaking[number]),
        )

    def at(self, evidence: Evidence, columns: Float[np.ndarray, "n columns"]) -> "Prior":
        """The prior of curves at places with such columns; of those fuller than all, the last."""
        volume = evidence.volume
        logs = np.log(self.variance)
        variance = np.exp(np.stack([np.interp(volume, self.volume, own) for own in logs.T], axis=1))
        share = np.interp(volume, self.volume, self.leaking)
        return Prior(_means(columns @ self.field, volume, self.tail), variance, share)


class Prior(NamedTuple):
    """``mean`` and ``variance`` of drift and traces (n, 3), and the share (n,) that leaks."""

    mean: Float[np.ndarray, "n 3"]
    variance: Float[np.ndarray, "n 3"]
    leaking: Float[np.ndarray, " n"]


def _means(
    drift: Float[np.ndarray, " n"], volume: Float[np.ndarray, " n"], tail: Float[np.ndarray, " two"]
) -> Float[np.ndarray, "n 3"]:
    return np.concatenate([drift[:, None], volume[:, None] * tail], axis=1)


def learn_drift(evidence: Evidence, columns: Float[np.ndarray, "n columns"]) -> Learned:
    """Field and variances by expectation and maximisation on the curves' evidence.

    A drift of the scanner is the same whatever blood a voxel holds: its mean is a field of the
    ``columns``. What an arterial input lacks after its first pass is the same share of every curve:
    the mean of the other traces goes with blood volume. How much single voxels differ from both is
    learned by class of blood volume, and some leak.
    Source: Efron & Morris, J Am Stat Assoc 1973;68:117; Dempster et al., J R Stat Soc B 1977;39:1.
    """
    order = np.argsort(evidence.volume, kind="stable")
    parts = [rows[:: 1 + rows.size // LEARNED_FROM] for rows in np.array_split(order, CLASSES)]
    own = [(evidence.some(rows), columns[rows]) for rows in parts]
    learned = Learned(
        np.zeros(columns.shape[1]),
        np.zeros(2),
        np.array([np.median(one.volume) for one, _ in own]),
        np.tile(START_SD**2, (CLASSES, 1)),
        np.full(CLASSES, LEAKING[0] / LEAKING[1]),
    )
    for _ in range(ROUNDS):
        learned = _round(learned, own)
    return replace(learned, variance=_supported(learned, own))


def _round(learned: Learned, own: Classes) -> Learned:
    """One round: the means by generalised least squares, the variances about those before."""
    count = learned.field.size
    square, product = np.diag(np.append(np.full(count, FIELD_SD**-2.0), [0.0, 0.0])), 0.0
    variance, leaking = [], []
    for number, (seen, places) in enumerate(own):
        prior = learned.of_class(number, seen, places, learned.variance[number])
        plain, leaky, stays = split(seen, prior)
        design = _design(places, seen.volume)
        for moments, weight, told in (
            (plain, stays, design),
            (leaky, 1 - stays, _drift_only(design)),
        ):
            informed = weight[:, None, None] * (told @ moments.information)
            square = square + np.tensordot(informed, told, axes=([0, 2], [0, 2]))
            product = product + (told @ moments.toward[:, :, None])[..., 0].T @ weight
        spread, share = _spread(plain, leaky, stays, prior)
        variance.append(spread)
        leaking.append(share)
    found = np.linalg.solve(square, product)
    return replace(
        learned,
        field=found[:count],
        tail=found[count:],
        variance=np.array(variance),
        leaking=np.array(leaking),
    )


def split(evidence: Evidence, prior: Prior) -> tuple[Moments, Moments, Float[np.ndarray, " n"]]:
    """Moments of curves that do not leak, of those that do, and the probability of the former."""
    drift = prior.mean * [1.0, 0.0, 0.0]
    wide = np.full_like(prior.variance, LEAK_SD**2)
    wide[:, 0] = prior.variance[:, 0]
    plain, leaky = _moments(evidence, prior.mean, prior.variance), _moments(evidence, drift, wide)
    odds = leaky.log - plain.log + np.log(prior.leaking / (1 - prior.leaking))
    return plain, leaky, 1 / (1 + np.exp(np.clip(odds, -50, 50)))


def _supported(learned: Learned, own: Classes) -> Float[np.ndarray, "c 3"]:
    """The variances, that of the drift none in classes whose voxels do not need it.

    The fullest voxels, vessels mostly, are thought to drift as those of the class before at most:
    theirs is the most that a model of the bolus leaves.
    """
    out = learned.variance.copy()
    for number, (seen, places) in enumerate(own):
        with_, without = learned.variance[number], learned.variance[number].copy()
        without[0] = _TINY
        gain = _evidence(seen, learned.of_class(number, seen, places, with_))
        gain -= _evidence(seen, learned.of_class(number, seen, places, without))
        if gain < ENOUGH or with_[0] < LEAST_OWN**2:
            out[number, 0] = _TINY
    out[-1, 0] = min(out[-2:, 0])
    return out


def _evidence(seen: Evidence, prior: Prior) -> float:
    """Log evidence of curves under a prior."""
    plain, leaky, _ = split(seen, prior)
    log = np.log(1 - prior.leaking), np.log(prior.leaking)
    return float(np.logaddexp(plain.log + log[0], leaky.log + log[1]).sum())


def _moments(
    evidence: Evidence, mean: Float[np.ndarray, "n 3"], variance: Float[np.ndarray, "n 3"]
) -> Moments:
    """Of a Gaussian prior with that mean and variance."""
    inverse, diagonal = 1 / variance, np.arange(3)
    full = evidence.precision.copy()
    full[:, diagonal, diagonal] += inverse
    spread = np.linalg.inv(full)
    seen = evidence.weighted + mean * inverse
    found = np.einsum("nab,nb->na", spread, seen)
    log = (seen * found).sum(axis=1) - (mean**2 * inverse).sum(axis=1)
    log -= np.linalg.slogdet(full)[1] + np.log(variance).sum(axis=1)
    information = -spread * inverse[:, :, None] * inverse[:, None, :]
    information[:, diagonal, diagonal] += inverse
    toward = np.einsum("nab,nb->na", spread, evidence.weighted) * inverse
    return Moments(log / 2, found, spread[:, diagonal, diagonal], information, toward)


def _design(
    columns: Float[np.ndarray, "n columns"], volume: Float[np.ndarray, " n"]
) -> Float[np.ndarray, "n numbers 3"]:
    """What field and tail add to the mean of drift and traces."""
    count = columns.shape[1]
    out = np.zeros((len(columns), count + 2, 3))
    out[:, :count, 0] = columns
    out[:, count, 1] = out[:, count + 1, 2] = volume
    return out


def _drift_only(design: Float[np.ndarray, "n numbers 3"]) -> Float[np.ndarray, "n numbers 3"]:
    """The design where the traces are those of a leak."""
    out = design.copy()
    out[:, -2:] = 0
    return out


def _spread(
    plain: Moments, leaky: Moments, stays: Float[np.ndarray, " n"], prior: Prior
) -> tuple[Float[np.ndarray, " 3"], float]:
    """Variances about the mean, and the share that leaks."""
    own, other = (one.variance + (one.mean - prior.mean) ** 2 for one in (plain, leaky))
    traces = (stays[:, None] * own[:, 1:]).sum(axis=0) / stays.sum()
    drift = (stays * own[:, 0] + (1 - stays) * other[:, 0]).mean()
    share = (float((1 - stays).sum()) + LEAKING[0]) / (stays.size + LEAKING[1])
    return np.maximum(np.append(drift, traces), _TINY), share
