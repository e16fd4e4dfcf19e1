"""A cohort of digital glioma patients, of whom it is known how hard they are to tell apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bolus.data import InputError
from bolus.phantom.patient import DigitalPatient, simulate_patient
from bolus.phantom.realism import Leak, Realism
from bolus.phantom.tumor import TumorPerfusion

Size = tuple[int, int, int, int]
SIZE: Size = (64, 64, 10, 60)
"""Matrix and frames (x, y, z, t) of a patient in a cohort."""
PROTOCOLS = ("1.5T", "3T", "mixed", "qin")
TRS = (1.25, 1.5, 1.75)
"""Repetition times in s that patients are scanned with."""
QIN_TR, QIN_TE = 1.2, 0.03
"""Repetition and echo time in s of the published study; its flip angle is the phantom's, 72°."""
QIN_PRELOAD = 0.4
"""mM of agent in leaking tissue from the dose that it was given before."""
SNR = (50.0, 100.0)
DISPERSION = (0.0, 1.5)
MOTION = (0.05, 0.2)
NORMAL_MTT = 4.8
"""Transit time in s of normal-appearing white matter, for CBV ratios from CBF ratios."""
UNUSUAL = 0.1
"""Share of the high-grade tumours that look low-grade."""
THIRD = 0.3
"""Share of the high-grade tumours, those with the lowest flow, that are of WHO grade 3."""


@dataclass(frozen=True, kw_only=True)
class _Grade:
    """Ranges of a grade: CBF and CBV over white matter, MTT in s, Ktrans in 1/min."""

    kind: str
    cbf: tuple[float, float]
    cbv: tuple[float, float]
    mtt: tuple[float, float]
    ktrans: tuple[float, float]


GRADES = {
    "LGG": _Grade(kind="low", cbf=(0.9, 1.7), cbv=(1.0, 2.0), mtt=(4.5, 7.0), ktrans=(0.0, 0.02)),
    "HGG": _Grade(kind="high", cbf=(1.3, 3.5), cbv=(1.8, 5.0), mtt=(4.5, 8.0), ktrans=(0.05, 0.2)),
}


@dataclass(frozen=True, kw_only=True)
class PatientPlan:
    """What a patient of a cohort is simulated from; ``ratios`` are the tumour's true ones.

    ``who`` is the WHO grade, 2 to 4; ``te`` in s, None: the field's own.
    """

    name: str
    grade: str
    who: int
    split: str | None
    seed: int
    field: float
    tr: float
    te: float | None
    snr: float
    ratios: TumorPerfusion
    realism: Realism


def plan_cohort(
    *,
    low: int,
    high: int,
    seed: int = 0,
    protocol: str = "mixed",
    train: int | tuple[int, int] = 0,
) -> tuple[PatientPlan, ...]:
    """Plans of ``low`` low-grade and ``high`` high-grade patients, shuffled.

    CBF ratios are stratified draws (one from each of n equal slices of the grade's distribution),
    so that small cohorts overlap as large ones do: the AUC of the true ratio is close to 0.91
    whatever the seed. A share UNUSUAL of the high-grade tumours has a ratio of the low-grade's
    range. ``train`` patients, with both grades in proportion, or so many of low and of high grade,
    are marked 'train' and the others 'test'; 0 marks none. ``protocol`` of PROTOCOLS: 'qin' is that
    of the published study, with TR 1.2 s, TE 30 ms and agent given before (mixed fields).

    Raises InputError for another protocol, or numbers that do not fit.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"the protocol is one of {', '.join(PROTOCOLS)}, found '{protocol}'")
    of_low, of_high = _to_train(low, high, train)
    few = min(of_low, of_high) < 0 or of_low > low or of_high > high
    if min(low, high) < 1 or seed < 0 or few or of_low + of_high >= low + high:
        raise InputError(
            f"a cohort has a patient of each grade and no more to train than there are, found "
            f"{low} low, {high} high, {train} to train, seed {seed}"
        )
    rng = np.random.default_rng([seed, 0])
    grades = ["LGG"] * low + ["HGG"] * high
    ratios = [*_ratios(rng, "LGG", low), *_ratios(rng, "HGG", high)]
    splits = _splits(rng, ratios, low, (of_low, of_high))
    graded = [2] * low + _who(ratios[low:])
    digits = len(str(low + high))
    order = rng.permutation(low + high)
    return tuple(
        _plan(
            rng, f"sub-{number:0{digits}d}", (grades[i], graded[i]), splits[i], ratios[i], protocol
        )
        for number, i in enumerate(order, start=1)
    )


def simulate_planned(plan: PatientPlan, *, size: Size = SIZE) -> DigitalPatient:
    """The patient of a plan, of that matrix and so many frames (x, y, z, t)."""
    return simulate_patient(
        seed=plan.seed,
        snr=plan.snr,
        field=plan.field,
        tr=plan.tr,
        te=plan.te,
        frames=size[3],
        tumor=GRADES[plan.grade].kind,
        shape=size[:3],
        ratios=plan.ratios,
        realism=plan.realism,
    )


def _plan(
    rng: np.random.Generator,
    name: str,
    grades: tuple[str, int],
    split: str | None,
    ratios: TumorPerfusion,
    protocol: str,
) -> PatientPlan:
    (grade, who), qin = grades, protocol == "qin"
    field = {"1.5T": 1.5, "3T": 3.0}.get(protocol) or float(rng.choice([1.5, 3.0]))
    return PatientPlan(
        name=name,
        grade=grade,
        who=who,
        split=split,
        seed=int(rng.integers(2**31)),
        field=field,
        tr=QIN_TR if qin else float(rng.choice(TRS)),
        te=QIN_TE if qin else None,
        snr=float(rng.uniform(*SNR)),
        ratios=ratios,
        realism=Realism(
            dispersion=DISPERSION,
            residue="fermi",
            motion=float(rng.uniform(*MOTION)),
            leak=_leak(rng, GRADES[grade].ktrans, QIN_PRELOAD if qin else None),
        ),
    )


def _leak(
    rng: np.random.Generator, ktrans: tuple[float, float], preload: float | None = None
) -> Leak:
    """A leak that raises the signal or, as likely, lowers it; ``preload`` comes before either."""
    rate, ve = float(rng.uniform(*ktrans)), float(rng.uniform(0.2, 0.4))
    if rng.random() < 0.5:
        return Leak(
            ktrans=rate, ve=ve, relaxivity=float(rng.uniform(5, 15)), preload=preload or 0.1
        )
    return Leak(ktrans=rate, ve=ve, relaxivity=float(rng.uniform(40, 80)), preload=preload or 0.4)


def _ratios(rng: np.random.Generator, name: str, n: int) -> list[TumorPerfusion]:
    """Stratified draws of CBF, and the CBV that a drawn transit time makes of it, in range."""
    grade = GRADES[name]
    share = (rng.permutation(n) + rng.random(n)) / n
    cbf = _quantile(share, grade.cbf) if name == "LGG" else _high(share)
    mtt = rng.uniform(*grade.mtt, n)
    usual = cbf >= grade.cbf[0] if name == "LGG" else share >= UNUSUAL
    cbv = np.where(
        usual,
        np.clip(cbf * mtt / NORMAL_MTT, *grade.cbv),
        np.clip(cbf * mtt / NORMAL_MTT, *GRADES["LGG"].cbv),
    )
    return [TumorPerfusion(cbv=float(v), cbf=float(f)) for v, f in zip(cbv, cbf, strict=True)]


def _high(share: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """CBF ratios of high-grade tumours at shares of their distribution, unusual ones first."""
    usual = _quantile((share - UNUSUAL) / (1 - UNUSUAL), GRADES["HGG"].cbf)
    return np.where(share < UNUSUAL, _quantile(share / UNUSUAL, GRADES["LGG"].cbf), usual)


def _quantile(
    share: Float[np.ndarray, " n"], within: tuple[float, float]
) -> Float[np.ndarray, " n"]:
    return within[0] + share * (within[1] - within[0])


def _to_train(low: int, high: int, train: int | tuple[int, int]) -> tuple[int, int]:
    """How many of either grade are marked 'train'."""
    if not isinstance(train, int):
        return train
    of_low = round(train * low / (low + high))
    return of_low, train - of_low


def _who(high: Sequence[TumorPerfusion]) -> list[int]:
    """WHO grades of the high-grade tumours: 3 for the share THIRD with the lowest flow, else 4."""
    place = np.argsort(np.argsort([one.cbf for one in high]))
    return [3 if rank < round(THIRD * len(high)) else 4 for rank in place]


def _splits(
    rng: np.random.Generator,
    ratios: Sequence[TumorPerfusion],
    low: int,
    train: tuple[int, int],
) -> Sequence[str | None]:
    """'train' or 'test' for the low-grade and then the high-grade patients.

    Within a grade the marks are spread evenly over the CBF ratios in order, from a random start,
    so that those tested are as hard to tell apart as all.
    """
    if sum(train) == 0:
        return [None] * len(ratios)
    marks: list[str | None] = []
    for own, marked in zip((ratios[:low], ratios[low:]), train, strict=True):
        place = np.argsort(np.argsort([one.cbf for one in own]))
        step = marked / len(own)
        chosen = np.diff(np.floor(rng.random() + step * np.arange(len(own) + 1))) > 0
        marks += ["train" if chosen[k] else "test" for k in place]
    return marks
