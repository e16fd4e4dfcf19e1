"""Two examinations of a made-up head whose maps are known, without simulating or estimating any."""

import numpy as np

from bolus.data import Grid
from bolus.followup.pair import Pair
from bolus.followup.register import Registration
from bolus.followup.visit import Visit
from bolus.preprocess.motion.rigid import rotation

SHAPE = (30, 34, 14)
STILL = Registration(transform=np.eye(4), likeness=1.0, overlap=1.0, error=0.0, voxel=3.0)
TOLD = {
    "software": "bolus 1",
    "method": "joint",
    "parameters": {"spatial": True},
    "units": {},
    "relative": False,
    "preparation": {"blood": {"hematocrit": None}, "motion": "on"},
    "common_sd": {"cbv": 0.1},
    "repetition_time_s": 1.5,
    "echo_time_s": 0.03,
    "leakage_model": "free",
    "measurements": [],
    "regions": {"tumor": {}},
}


def grid_of(shape=SHAPE, size=(6.0, 6.0, 7.0)):
    affine = np.diag([*size, 1.0])
    affine[:3, 3] = -np.array(size) * (np.array(shape) - 1) / 2
    return Grid(shape=shape, affine=affine)


def places(grid, transform):
    """Where voxels are in the head, (3, x, y, z) mm."""
    index = np.indices(grid.shape, dtype=float)
    whole = np.linalg.inv(transform) @ grid.affine
    return np.tensordot(whole[:3, :3], index, axes=1) + whole[:3, 3, None, None, None]


def head(grid, transform, seed=0, noise=5.0):
    """Image and brain of an egg with ventricles, a rim and spots, moved by a transform."""
    x, y, z = places(grid, transform)
    depth = np.sqrt((x / 68) ** 2 + ((y + 0.1 * z) / 82) ** 2 + (z / 62) ** 2)
    brain = depth < 1
    image = np.where(brain, 500 + 60 * np.sin(x / 11) * np.cos(y / 13) * np.cos(z / 15), 30.0)
    image += 350 * np.exp(-(((x - 12) / 8) ** 2 + ((y - 8) / 25) ** 2 + ((z - 5) / 14) ** 2))
    image += 350 * np.exp(-(((x + 14) / 8) ** 2 + ((y - 5) / 22) ** 2 + ((z - 3) / 14) ** 2))
    image += 150 * ((depth > 1.06) & (depth < 1.15))
    rng = np.random.default_rng(seed)
    return (image + rng.normal(0, noise, grid.shape)).astype(np.float32), brain


def movement(shift, angles):
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = rotation(np.deg2rad(angles)), shift
    return found


def regions_of(shape):
    """A tumour and a reference of 4 × 4 × 2 voxels."""
    tumor, reference = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    tumor[2:6, 2:6, 1:3], reference[9:13, 9:13, 1:3] = True, True
    return {"tumor": tumor, "reference": reference}


def visit(rng=None, *, tumor=6.0, sd=0.5, scale=1.0, shape=(16, 16, 4), rois=True, **told):
    """Maps of CBV and delay with independent noise of an SD in every voxel, and a scale."""
    grid, masks = grid_of(shape), regions_of(shape)
    true = np.where(masks["tumor"], tumor, 2.0)
    noise = np.zeros(shape) if rng is None else rng.normal(0, sd, shape)
    late = np.zeros(shape) if rng is None else rng.normal(0, 0.2, shape)
    full = np.full(shape, sd)
    return Visit(
        told={**TOLD, **told},
        grid=grid,
        baseline=np.full(shape, 500.0, dtype=np.float32),
        brain=np.ones(shape, dtype=bool),
        volumes={"cbv": scale * (true + noise), "delay": 1.0 + late},
        sd={"cbv": scale * np.hypot(full, 0.1 * (true + noise)), "delay": np.full(shape, 0.2)},
        rois=masks if rois else {},
    )


def pair(before, after):
    return Pair(before, after, STILL)
