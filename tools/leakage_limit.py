"""How well CBV of leaking tissue can be known from one voxel: the Bayes limit.

    python tools/leakage_limit.py [DRAWS] [VOXELS]

The posterior mean of CBV in the four protocols of the external benchmark's leakage objects, for one
who knows the arterial input, the residue, T1, flip angle, preload, noise and what tissue is drawn
from, and only not the voxel's tissue nor its baseline signal: no method that sees a voxel alone is
better. By importance sampling from what tissue is drawn from.
"""

import sys

import numpy as np

from bolus.bench.external.leaking import FRAMES, PROTOCOLS, SNR, Tissue, signal_of

BLOCK, AT_ONCE = 20_000, 50


def drawn(rng: np.random.Generator, n: int) -> Tissue:
    """Tissue as the objects draw it."""
    return Tissue(
        cbv=rng.uniform(1, 8, n),
        mtt=rng.uniform(3, 9, n),
        ktrans=rng.uniform(0.02, 0.25, n) / 60,
        ve=rng.uniform(0.15, 0.45, n),
        relaxivity=rng.uniform(5, 80, n),
    )


def some(tissue: Tissue, rows: slice) -> Tissue:
    """Some of the voxels."""
    return Tissue(**{name: values[rows] for name, values in vars(tissue).items()})


def signals(tissue: Tissue, protocol: str) -> np.ndarray:
    """Signal over the baseline, (n, t)."""
    count = tissue.cbv.size
    parts = (some(tissue, slice(at, at + BLOCK)) for at in range(0, count, BLOCK))
    return np.concatenate(
        [signal_of(part, PROTOCOLS[protocol])[0].astype(np.float32) for part in parts]
    )


def posterior_means(seen: np.ndarray, tried: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean of ``values`` of the tried signals under Gaussian noise, its scale being free."""
    size = np.square(tried).sum(axis=1)
    means = []
    for at in range(0, len(seen), AT_ONCE):
        log = (seen[at : at + AT_ONCE] @ tried.T) ** 2 / size * SNR**2 / 2 - np.log(size) / 2
        weight = np.exp(log - log.max(axis=1, keepdims=True))
        means.append(weight @ values / weight.sum(axis=1))
    return np.concatenate(means)


def concordance(one: np.ndarray, other: np.ndarray) -> float:
    """Lin's concordance correlation coefficient."""
    apart = (one.mean() - other.mean()) ** 2
    return float(2 * np.cov(one, other, ddof=0)[0, 1] / (one.var() + other.var() + apart))


def main(draws: int = 300_000, voxels: int = 600) -> None:
    """Print the concordance with the truth, and the correlation between protocols."""
    rng = np.random.default_rng(1000)
    true, tissue = drawn(rng, voxels), drawn(rng, draws)
    found = []
    for name in PROTOCOLS:
        clean = signals(true, name)
        noise = rng.standard_normal((voxels, FRAMES)) / SNR
        seen = (clean + noise).astype(np.float32)
        found.append(posterior_means(seen, signals(tissue, name), tissue.cbv))
        print(f"{name}: CCC {concordance(found[-1], true.cbv):.3f}", flush=True)
    between = np.corrcoef(found)[np.triu_indices(len(found), 1)]
    print(f"r between protocols: {between.mean():.3f}, least {between.min():.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
