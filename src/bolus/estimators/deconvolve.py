"""The one door to every estimator: checks, bad rows, names."""

from collections import ChainMap
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from bolus.data import CurveError, MethodError, Perfusion, Posterior
from bolus.data.plausible import MIN_FRAMES
from bolus.estimators.bayes.estimator import Bayes
from bolus.estimators.blocks import one_blas_thread
from bolus.estimators.cpi import Cpi
from bolus.estimators.joint import Joint
from bolus.estimators.phae import Phae, PhaePaper
from bolus.estimators.pinn import Pinn
from bolus.estimators.protocol import (
    CurveScale,
    Estimator,
    OfPatient,
    Places,
    Together,
    capabilities,
)
from bolus.estimators.registered import add_registered
from bolus.estimators.spectral.methods import CSVD, OSVD, SVD, PlainSVD, Tikhonov, TikhonovFixed
from bolus.estimators.spinned import Spinned
from bolus.estimators.vascular import Vascular
from bolus.estimators.weighing import usable_noise

METHODS: dict[str, Callable[..., Estimator]] = {
    "phae": Phae,
    "joint": Joint,
    "svd": SVD,
    "csvd": CSVD,
    "osvd": OSVD,
    "tikhonov": Tikhonov,
    "tikhonov-fixed": TikhonovFixed,
    "svd-pws": PlainSVD,
    "bayes": Bayes,
    "phae-paper": PhaePaper,
    "spinned": Spinned,
    "vascular": Vascular,
    "cpi": Cpi,
}
"""Name → factory. To add an estimator: one file, one entry here, or an entry point of another
package (``bolus.estimators.registered``)."""
add_registered(METHODS)
PATIENT_METHODS: dict[str, Callable[..., Estimator]] = {"pinn": Pinn}
"""Name → factory of methods that take the voxels of a patient only (``Capabilities.places``)."""
EVERY_METHOD = ChainMap(PATIENT_METHODS, METHODS)
"""What maps can be made by, in their order, those of a patient last: it holds what both hold."""


def estimator(method: str | Estimator) -> Estimator:
    """The estimator of a name with its defaults; an estimator is handed back as it is.

    Names are those of METHODS and PATIENT_METHODS.

    Raises MethodError for an unknown name and for what is no estimator.
    """
    if not isinstance(method, str):
        if isinstance(method, type):
            raise MethodError(
                f"a method is a name or an estimator, found the class {method.__name__}; "
                f"{method.__name__}() would be one"
            )
        if not isinstance(method, Estimator):
            raise MethodError(
                "a method is a name or an estimator, an object with bind(aif, dt, like), found "
                f"{type(method).__name__}"
            )
        return method
    if method not in EVERY_METHOD:
        raise MethodError(f"no method '{method}'; there are {', '.join(EVERY_METHOD)}")
    return EVERY_METHOD[method]()


def deconvolve(
    tissue: np.ndarray,
    aif: np.ndarray,
    dt: float,
    method: str | Estimator = "phae",
    noise_sd: float | np.ndarray | None = None,
    *,
    like: CurveScale | None = None,
) -> Perfusion:
    """Perfusion from concentration curves and an arterial input function.

    ``tissue`` (n, t) and ``aif`` (t,), t ≥ 20, in one concentration unit; ``dt`` in s; ``method`` a
    name in METHODS or a configured estimator; ``noise_sd`` the curves' noise, a number, (n,) or
    (n, t), estimated by the methods that need it when None. κ = 1: ``cbv`` is a ratio and ``cbf``
    is in 1/s. float32 stays float32. A curve that is not finite gives NaN in its own row. A
    method that can censor samples (``Capabilities``) leaves out those of infinite noise. ``like``
    is the scale of all curves of the subject, where these are some of them.

    Raises CurveError for input no method can take, MethodError for an unknown method or an
    estimator whose answer is not the perfusion of these curves.
    """
    chosen = estimator(method)
    if capabilities(chosen).places:
        raise MethodError(
            f"{type(chosen).__name__} takes the voxels of a patient with their places: use it for "
            "maps, or deconvolve_patient"
        )
    rows = _usable(chosen, tissue, aif, dt, noise_sd)
    with one_blas_thread():
        bound = chosen.bind(rows.aif, float(dt), like=like or CurveScale.of(rows.tissue))
        found = bound(rows.tissue, rows.noise)
    return _whole(found, chosen, rows.good)


def deconvolve_patient(
    tissue: np.ndarray,
    aif: np.ndarray,
    dt: float,
    places: Places,
    method: str | Estimator = "joint",
    noise_sd: float | np.ndarray | None = None,
) -> Perfusion:
    """Perfusion of the voxels of one patient, each with what the others say of it.

    ``tissue`` (n, t) are the curves of the voxels at ``places``; the rest is as for ``deconvolve``,
    which estimates each curve alone. With ``noise_sd`` (n, t) a sample's noise may grow as the
    signal falls (``bolus.physics.noise_gain``).

    Raises CurveError also for places of another number or twice the same, MethodError for a method
    that estimates each voxel alone.
    """
    together, good = estimate_together(tissue, aif, dt, places, method, noise_sd)
    return _whole(together.perfusion, estimator(method), good)


def estimate_together(
    tissue: np.ndarray,
    aif: np.ndarray,
    dt: float,
    places: Places,
    method: str | Estimator,
    noise_sd: float | np.ndarray | None = None,
) -> tuple[Together, Bool[np.ndarray, " n"]]:
    """What ``deconvolve_patient`` makes its answer of, and the rows (n,) of curves that it holds.

    Arguments and errors as there.
    """
    chosen = estimator(method)
    if not capabilities(chosen).joint:
        raise MethodError(
            f"{type(chosen).__name__} estimates each voxel alone; 'joint' estimates a patient's "
            "voxels together"
        )
    where, rows = _places(places, len(tissue)), _usable(chosen, tissue, aif, dt, noise_sd)
    with one_blas_thread():
        bound = chosen.bind(rows.aif, float(dt), like=CurveScale.of(rows.tissue))
        if not isinstance(bound, OfPatient):
            raise MethodError(f"{type(chosen).__name__} declares `joint` and has no `together`")
        return bound.together(rows.tissue, rows.noise, where.some(rows.good)), rows.good


def _places(places: Places, rows: int) -> Places:
    """Places (n, 3) inside their grid, each once, or CurveError."""
    index, shape = np.asarray(places.index), tuple(int(side) for side in places.shape)
    if index.shape != (rows, 3) or index.dtype.kind not in "iu" or len(shape) != 3:
        raise CurveError(
            f"places are ({rows}, 3) whole numbers on a grid of three sides, found "
            f"{index.dtype} of shape {index.shape} on {shape}"
        )
    if rows and not ((index >= 0) & (index < shape)).all():
        raise CurveError(f"places lie inside their grid of {shape}, found some outside")
    if len(np.unique(np.ravel_multi_index(tuple(index.T), shape))) != rows:
        raise CurveError("places are those of different voxels, found some twice")
    late = None if places.late is None else np.asarray(places.late, dtype=float)
    if late is not None and not (late.shape == (rows,) and np.isfinite(late).all()):
        raise CurveError(f"the lateness of {rows} voxels is as many finite s, found {late.shape}")
    return Places(index.astype(np.intp), (shape[0], shape[1], shape[2]), late)


class _Rows(NamedTuple):
    """Checked curves, arterial input and noise of the ``good`` rows (n,) of what was given."""

    tissue: np.ndarray
    aif: np.ndarray
    noise: np.ndarray | None
    good: Bool[np.ndarray, " n"]


def _usable(
    chosen: Estimator,
    tissue: np.ndarray,
    aif: np.ndarray,
    dt: float,
    noise_sd: float | np.ndarray | None,
) -> _Rows:
    """What a method can take of curves and noise; CurveError for what none can."""
    tissue, aif = check_input(tissue, aif, dt)
    noise, good = check_noise(noise_sd, tissue), np.isfinite(tissue).all(axis=1)
    if noise is not None:
        good &= usable_noise(chosen, noise)
    if good.all():
        return _Rows(tissue, aif, noise, good)
    return _Rows(tissue[good], aif, noise if noise is None else noise[good], good)


def _whole(found: object, chosen: Estimator, good: Bool[np.ndarray, " n"]) -> Perfusion:
    """The answer of an estimator for good rows as that of all rows; MethodError if it is none."""
    answer = _checked(found, chosen, int(good.sum()))
    return answer if good.all() else _around_bad_rows(answer, good)


def check_input(tissue: np.ndarray, aif: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Curves (n, t) as floats and an arterial input (t,) as float64, or CurveError."""
    tissue, aif = _curves(tissue), np.asarray(aif)
    _check_aif(aif, tissue.shape[1])
    _check_dt(dt)
    return tissue, aif.astype(float)


def _curves(tissue: np.ndarray) -> np.ndarray:
    tissue = np.asarray(tissue)
    if tissue.ndim != 2:
        raise CurveError(f"tissue must be (voxels, frames), found shape {tissue.shape}")
    if tissue.shape[1] < MIN_FRAMES:
        raise CurveError(f"at least {MIN_FRAMES} frames are needed, found {tissue.shape[1]}")
    if tissue.dtype.kind not in "fiu":
        raise CurveError(f"tissue must hold real numbers, found {tissue.dtype}")
    return tissue if tissue.dtype in (np.float32, np.float64) else tissue.astype(np.float64)


def _check_aif(aif: np.ndarray, frames: int) -> None:
    if aif.shape != (frames,):
        raise CurveError(f"aif must have the tissue's {frames} frames, found shape {aif.shape}")
    if aif.dtype.kind not in "fiu":
        raise CurveError(f"aif must hold real numbers, found {aif.dtype}")
    if not np.isfinite(aif).all():
        raise CurveError(f"aif has {int((~np.isfinite(aif)).sum())} samples that are not finite")
    if not aif.max() > 0:
        raise CurveError("aif is nowhere positive: no contrast agent reaches the artery")
    if not aif.sum() > 0:
        raise CurveError("the area under aif is not positive, so there is no blood volume")


def _check_dt(dt: float) -> None:
    step = np.asarray(dt)
    if step.ndim or step.dtype.kind not in "fiu" or not (np.isfinite(step) and step > 0):
        raise CurveError(f"dt must be a positive number of seconds, found {dt!r}")


def check_noise(noise_sd: float | np.ndarray | None, tissue: np.ndarray) -> np.ndarray | None:
    """The noise of curves as (n, 1) or (n, t) in their type; CurveError for what is no SD."""
    if noise_sd is None:
        return None
    noise = np.asarray(noise_sd)
    if noise.dtype.kind not in "fiu":
        raise CurveError(f"noise_sd must hold real numbers, found {noise.dtype}")
    noise = noise.astype(tissue.dtype)
    if noise.ndim == 0:
        if not (np.isfinite(noise) and noise > 0):
            raise CurveError(f"noise_sd must be positive, found {noise_sd}")
        return np.full((len(tissue), 1), noise)
    if noise.shape == (len(tissue),):
        return noise[:, None]
    if noise.shape != tissue.shape:
        raise CurveError(
            f"noise_sd is a number, ({len(tissue)},) or {tissue.shape}, found {noise.shape}"
        )
    return noise


def _checked(found: object, chosen: Estimator, rows: int) -> Perfusion:
    """What an estimator answered, or MethodError where that is not ``rows`` voxels' perfusion."""
    name = type(chosen).__name__
    if not isinstance(found, Perfusion):
        raise MethodError(f"{name} answered with {type(found).__name__}, expected Perfusion")
    for key, value in zip(Perfusion._fields[:6], found[:6], strict=True):
        if not isinstance(value, np.ndarray) or value.shape != (rows,) or value.dtype.kind != "f":
            told = f"shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)
            raise MethodError(f"{name} answered with {key} of {told}, expected ({rows},) floats")
    return found


def _around_bad_rows(found: Perfusion, good: np.ndarray) -> Perfusion:
    """The perfusion of the good rows in a longer list; the others are NaN."""
    blank = np.full((6, good.size), np.nan, dtype=found.cbv.dtype)
    blank[:, good] = np.stack(found[:6])
    inner = found.posterior
    posterior = None if inner is None else _Scattered(inner, good)
    further = {name: _among(values, good) for name, values in found.further.items()}
    whole = Perfusion(*blank)
    return whole._replace(posterior=posterior, common=found.common, further=further)


def _among(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Values of some rows in a longer list; the others are NaN."""
    out = np.full(rows.size, np.nan, dtype=values.dtype)
    out[rows] = values
    return out


@dataclass(frozen=True, eq=False)
class _Scattered:
    """The posterior of some rows of a longer list; NaN for the rest."""

    inner: Posterior
    rows: np.ndarray

    @property
    def quantities(self) -> tuple[str, ...]:
        return self.inner.quantities

    def quantile(self, name: str, q: float) -> np.ndarray:
        return _among(self.inner.quantile(name, q), self.rows)
