"""Gliomas: a warped blob in the white matter of one hemisphere."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from bolus.phantom.anatomy import Anatomy
from bolus.phantom.fields import smooth_field
from bolus.phantom.tissue import LATEST, Tissue


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """Ratios to normal-appearing white matter, transit time in s, heterogeneity as CoV.

    ``hidden`` is the CBV ratio of the one in eight that looks like the other grade.
    """

    cbv: tuple[float, float]
    hidden: tuple[float, float]
    cbf: tuple[float, float]
    mtt: tuple[float, float]
    cov: float
    core: bool


KINDS = {
    "low": _Kind(
        cbv=(1.0, 2.0), hidden=(1.0, 2.0), cbf=(0.9, 1.7), mtt=(4.5, 7.0), cov=0.10, core=False
    ),
    "high": _Kind(
        cbv=(2.4, 5.0), hidden=(1.8, 2.4), cbf=(1.3, 3.5), mtt=(4.5, 8.0), cov=0.50, core=True
    ),
}


@dataclass(frozen=True, kw_only=True)
class TumorPerfusion:
    """Mean CBV and CBF of a tumour's mask over those of normal-appearing white matter."""

    cbv: float
    cbf: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Blob:
    """The form of a tumour: ``centre`` and ``radius`` in template mm, and its noisy ``outline``."""

    centre: Float[np.ndarray, "3"]
    radius: Float[np.ndarray, "3"]
    outline: Float[np.ndarray, "x y z"]
    grade: str

    def shares(
        self, mni: Float[np.ndarray, "*n axis"], outline: Float[np.ndarray, "*n"]
    ) -> tuple[Float[np.ndarray, "*n"], Float[np.ndarray, "*n"], Float[np.ndarray, "*n"]]:
        """Shares of the parenchyma at some places that are tumour, its core, and beside oedema.

        ``mni`` are the places in the template, ``outline`` the noise there.
        """
        away = np.sqrt((((mni - self.centre) / self.radius) ** 2).sum(axis=-1))
        depth = away + 0.10 * outline * np.clip(2 * away, 0, 1)
        has = KINDS[self.grade].core
        return _below(depth, 1.0), _below(depth, 0.45) * has, _below(depth, 1.4) * has


@dataclass(frozen=True, kw_only=True, eq=False)
class Tumor:
    """Where a tumour lies: volume fractions, and the mask a reader would draw.

    ``solid`` is living tumour, ``core`` necrosis, ``oedema`` the swollen white matter around it;
    ``mask`` is the solid part; ``side`` is +1 in the right hemisphere (x > 0), −1 in the left.
    """

    solid: Float[np.ndarray, "x y z"]
    core: Float[np.ndarray, "x y z"]
    oedema: Float[np.ndarray, "x y z"]
    mask: Bool[np.ndarray, "x y z"]
    side: int
    blob: Blob


def grow_tumor(
    rng: np.random.Generator, anatomy: Anatomy, free: Bool[np.ndarray, "x y z"], grade: str
) -> Tumor:
    """A blob of 15 to 20 mm radius in deep white matter, with a noisy outline.

    ``free`` marks the voxels a reader may include (brain without large vessels). ``grade`` "low"
    or "high"; only the latter has a necrotic core and an oedematous margin.
    """
    parenchyma = np.clip((anatomy.grey + anatomy.white) / np.maximum(anatomy.tissue, 0.1), 0, 1)
    centre = _seat(rng, anatomy)
    radius = rng.uniform(15, 20) * np.array([0.9, 1.15, 1.0]) * rng.uniform(0.9, 1.1, 3)
    outline = smooth_field(rng, anatomy.grid.shape, anatomy.grid.voxel_size, 7.0)
    blob = Blob(centre=centre, radius=radius, outline=outline, grade=grade)
    inside, inner, wider = blob.shares(anatomy.mni, outline)
    whole = inside * parenchyma
    core = inner * parenchyma
    oedema = (wider * parenchyma - whole) * anatomy.white * KINDS[grade].core
    solid = whole - core
    mask = (solid > 0.5) & free
    if not mask.any():
        mask = solid >= solid.max()
    return Tumor(
        solid=solid,
        core=core,
        oedema=np.clip(oedema, 0, 1),
        mask=mask,
        side=int(np.sign(centre[0])),
        blob=blob,
    )


def perfuse_tumor(
    rng: np.random.Generator,
    anatomy: Anatomy,
    tissue: Tissue,
    tumor: Tumor,
    nawm: Bool[np.ndarray, "x y z"],
    grade: str,
    wanted: TumorPerfusion | None = None,
) -> Tissue:
    """The tissue with the tumour's perfusion blended in.

    The mean over ``tumor.mask`` divided by that over ``nawm`` lies exactly at the ``wanted`` CBV
    and CBF ratio, or at ones drawn from the range of the grade. Low grade is nearly uniform; high
    grade is log-normal with a CoV near 50 %, its core almost without blood, its margin a quarter
    below normal.
    """
    kind = KINDS[grade]
    drawn = _drawn(rng, kind, float(tissue.mtt[nawm].mean()))
    ratio = drawn if wanted is None else wanted
    texture = tumor_texture(rng, anatomy, tumor, kind.cov)
    drift = tumor_texture(rng, anatomy, tumor, 0.08)

    def blend(
        healthy: Float[np.ndarray, "x y z"],
        pattern: Float[np.ndarray, "x y z"],
        ratio: float,
        loss: float,
    ) -> Float[np.ndarray, "x y z"]:
        rest = healthy * (1 - tumor.solid - tumor.core) * (1 - loss * tumor.oedema)
        rest = rest + tumor.core * 0.03 * healthy[nawm].mean()
        missing = ratio * healthy[nawm].mean() - rest[tumor.mask].mean()
        height = missing / (tumor.solid * pattern)[tumor.mask].mean()
        return rest + height * tumor.solid * pattern

    return replace(
        tissue,
        cbv=blend(tissue.cbv, texture, ratio.cbv, 0.25),
        cbf=blend(tissue.cbf, texture * drift, ratio.cbf, 0.32),
        delay=np.minimum(tissue.delay + 0.4 * tumor.solid, LATEST),
    )


def _drawn(rng: np.random.Generator, kind: _Kind, normal: float) -> TumorPerfusion:
    """Ratios drawn from the range of a grade; ``normal`` is the transit time of white matter."""
    cbv = float(rng.uniform(*(kind.hidden if rng.random() < 0.13 else kind.cbv)))
    mtt = rng.uniform(*kind.mtt)
    return TumorPerfusion(cbv=cbv, cbf=float(np.clip(cbv * normal / mtt, *kind.cbf)))


def contralateral_white(
    anatomy: Anatomy, free: Bool[np.ndarray, "x y z"], tumor: Tumor | None
) -> Bool[np.ndarray, "x y z"]:
    """Voxels of 95 % white matter, or the purest tenth; opposite the tumour if there is one."""
    x = anatomy.mni[..., 0]
    where = free & ((np.abs(x) > 8) if tumor is None else (x * -tumor.side > 8))
    purity = np.where(where, anatomy.white, 0)
    threshold = min(0.95, float(np.quantile(purity[where], 0.9)))
    return purity >= max(threshold, 1e-6)


def _seat(rng: np.random.Generator, anatomy: Anatomy) -> Float[np.ndarray, "3"]:
    """Centre in template mm: much white matter around it, in either hemisphere."""
    from scipy.ndimage import gaussian_filter

    white = gaussian_filter(anatomy.white, [8 / edge for edge in anatomy.grid.voxel_size])
    inside = anatomy.mni[:, :, :, 0] * (1 if rng.random() < 0.5 else -1)
    middle = np.abs(anatomy.grid.shape[2] // 2 - np.arange(anatomy.grid.shape[2]))
    off = middle * anatomy.grid.voxel_size[2] > 20
    score = np.where((inside > 20) & (inside < 42) & ~off, white, -1.0).ravel()
    best = np.argsort(score, kind="stable")[-max(1, score.size // 400) :]
    return anatomy.mni.reshape(-1, 3)[rng.choice(best)]


def tumor_texture(
    rng: np.random.Generator, anatomy: Anatomy, tumor: Tumor, cov: float
) -> Float[np.ndarray, "x y z"]:
    """Log-normal pattern of mean 1 in the tumour, clumps of about a centimetre."""
    field = smooth_field(rng, anatomy.grid.shape, anatomy.grid.voxel_size, 4.5, tumor.mask)
    return np.exp(np.sqrt(np.log1p(cov**2)) * np.clip(field, -2, 2))


def _below(depth: Float[np.ndarray, "*n"], edge: float) -> Float[np.ndarray, "*n"]:
    """1 inside ``edge``, 0 outside, with a border as soft as partial volume makes it."""
    return np.clip((edge - depth) / 0.12 + 0.5, 0, 1)
