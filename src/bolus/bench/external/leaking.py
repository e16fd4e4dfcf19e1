"""Tissue that leaks, scanned by four protocols: one truth, four series."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.bench.external.made import Made, Part, Truth, plane
from bolus.phantom import ArterialShape
from bolus.phantom.acquisition import Protocol
from bolus.phantom.leakage import agent_outside, leak_factor
from bolus.physics import ForwardModel, signal_from_r2star
from bolus.physics.residue import Exponential

LEAKING, TIGHT, HEALTHY = "leaking", "tumour without leak", "normal white matter"
FIELD, TR, TE, FRAMES, T1, SNR = 3.0, 1.5, 0.03, 80, 1.4, 30.0
"""T, s, s, frames, s, and baseline signal over noise."""
STEPS = 3
"""Parts that a frame is cut into where curves are made."""
ARTERY = ArterialShape(amplitude=250.0, onset=20.0)
PRELOADED = 0.7
"""mM of agent in plasma some minutes after a preload, with which the tissue is in equilibrium."""
NORMAL_CBV, NORMAL_MTT = 2.0, 5.0
"""mL/100 mL and s of normal white matter: a ratio of 1.75 is a volume of 3.5."""
NO_LEAK = 1e-12
"""Ktrans in 1/s of tissue that does not leak."""
WIDE, GAP, S0 = 50, 8, 1000.0


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """A protocol: its flip angle in degrees, and whether a preload was given."""

    flip: float
    preload: bool


PROTOCOLS = {
    "flip60": Scanned(flip=60.0, preload=False),
    "flip60-preload": Scanned(flip=60.0, preload=True),
    "flip30": Scanned(flip=30.0, preload=False),
    "flip72": Scanned(flip=72.0, preload=False),
}


@dataclass(frozen=True, eq=False)
class Tissue:
    """n voxels: CBV in mL/100 mL, MTT in s, Ktrans in 1/s (tiny: no leak), v_e, r2* outside."""

    cbv: Float[np.ndarray, " n"]
    mtt: Float[np.ndarray, " n"]
    ktrans: Float[np.ndarray, " n"]
    ve: Float[np.ndarray, " n"]
    relaxivity: Float[np.ndarray, " n"]


def leaking(name: str, seed: int, rows: int = 75, block: int = 5, snr: float = SNR) -> Made:
    """The object of a protocol's ``name``: ``rows`` of WIDE voxels that leak, and others.

    CBV 1–8 mL/100 mL, MTT 3–9 s, Ktrans .02–.25 /min, v_e .15–.45, r2* outside the vessels 5–80
    1/s/mM, each uniform; half as much tumour that does not leak, and as much normal white matter.
    ``block`` voxels in a row and column share their tissue. The same seed gives the same tissue to
    every protocol, each with noise of its own.
    """
    protocol = PROTOCOLS[name]
    parts = (_drawn(np.random.default_rng([seed, 0]), (WIDE, rows), block, True),
             _drawn(np.random.default_rng([seed, 1]), (WIDE, -(-rows // 2)), block, False),
             _normal(WIDE * rows))  # fmt: skip
    tissue = Tissue(*(np.concatenate(column) for column in zip(*map(_columns, parts), strict=True)))
    signal, before, artery = signal_of(tissue, protocol)
    rng = np.random.default_rng([seed, 2, list(PROTOCOLS).index(name)])
    signal = S0 * (signal + rng.normal(size=signal.shape) / snr)
    sizes = [part.cbv.size // WIDE for part in parts]
    return _laid(signal, tissue, sizes, artery, before, protocol)


def _columns(tissue: Tissue) -> tuple[np.ndarray, ...]:
    return (tissue.cbv, tissue.mtt, tissue.ktrans, tissue.ve, tissue.relaxivity)


def _drawn(rng: np.random.Generator, shape: tuple[int, int], block: int, leaks: bool) -> Tissue:
    """A tumour's tissue, block by block."""
    coarse = tuple(-(-n // block) for n in shape)

    def uniform(low: float, high: float) -> np.ndarray:
        drawn = rng.uniform(low, high, coarse)
        fine = np.repeat(np.repeat(drawn, block, axis=0), block, axis=1)
        return fine[: shape[0], : shape[1]].ravel()

    cbv, mtt, ktrans = uniform(1, 8), uniform(3, 9), uniform(0.02, 0.25) / 60
    ve, relaxivity = uniform(0.15, 0.45), uniform(5, 80)
    return Tissue(cbv, mtt, ktrans if leaks else np.full_like(ktrans, NO_LEAK), ve, relaxivity)


def _normal(n: int) -> Tissue:
    one = np.ones(n)
    return Tissue(NORMAL_CBV * one, NORMAL_MTT * one, NO_LEAK * one, 0.3 * one, 5 * one)


def signal_of(
    tissue: Tissue, scanned: Scanned
) -> tuple[Float[np.ndarray, "n t"], int, Float[np.ndarray, " t"]]:
    """Signal over the baseline (n, t), frames of it, and the arterial input (t,) in 1/s."""
    dt, none = TR / STEPS, np.zeros(tissue.cbv.size)
    protocol = Protocol(field=FIELD, tr=TR, te=TE, frames=FRAMES, flip=scanned.flip)
    artery = ARTERY(dt * np.arange(FRAMES * STEPS))
    flow = tissue.cbv / 100 / tissue.mtt
    vascular = ForwardModel(artery, dt, Exponential())(flow, tissue.mtt, none)[:, ::STEPS]
    outside = agent_outside(artery, dt, FIELD, tissue.ktrans, tissue.ve, none)[:, ::STEPS]
    leaks = tissue.ktrans > NO_LEAK
    preload = PRELOADED * (tissue.ve * leaks)[:, None] if scanned.preload else 0.0
    factor = leak_factor(
        outside,
        protocol,
        t1=T1,
        relaxivity=tissue.relaxivity[:, None],
        preload=preload,
    )
    signal = factor * signal_from_r2star(vascular, 1.0, TE)
    return signal, int(ARTERY.onset / TR), artery[::STEPS]


def _laid(
    signal: Float[np.ndarray, "n t"],
    tissue: Tissue,
    rows: list[int],
    artery: Float[np.ndarray, " t"],
    before: int,
    scanned: Scanned,
) -> Made:
    """Voxels on a slice, WIDE of them in x; normal tissue lies apart from the tumour."""
    names = (LEAKING, TIGHT, HEALTHY)
    first = (0, rows[0], rows[0] + rows[1] + GAP)
    shape = (WIDE, first[2] + rows[2], 1)
    labels = np.zeros(shape, dtype=np.int16)
    for label, (begin, count) in enumerate(zip(first, rows, strict=True), 1):
        labels[:, begin : begin + count] = label
    order = np.concatenate([np.flatnonzero(labels == label) for label in (1, 2, 3)])

    def volume(values: np.ndarray) -> np.ndarray:
        out = np.full((labels.size, *values.shape[1:]), np.nan, dtype=np.float32)
        out[order] = values
        return out.reshape(*shape, *values.shape[1:])

    maps = {
        "cbf": volume(60 * tissue.cbv / tissue.mtt),
        "cbv": volume(tissue.cbv),
        "mtt": volume(tissue.mtt),
        "delay": volume(0 * tissue.mtt),
    }
    parts = tuple(Part(label=n, name=name) for n, name in enumerate(names, 1))
    return Made(
        signal=np.nan_to_num(volume(signal)),
        grid=plane(shape),
        dt=TR,
        te=TE,
        baseline=before,
        aif=artery,
        mask=labels > 0,
        tumor=np.isin(labels, (1, 2)),
        truth=Truth(maps=maps, labels=labels, parts=parts),
        more={
            "FlipAngle": scanned.flip,
            "MagneticFieldStrength": FIELD,
            "Preload": scanned.preload,
        },
    )
