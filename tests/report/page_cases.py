"""Maps made for one purpose, and what to read in a page."""

import base64
import hashlib
import json
import re
from dataclasses import replace

import numpy as np

from altered import altered
from bolus.data import Grid
from bolus.preprocess import prepare

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
TAGS = {"script": "script-src", "style": "style-src"}


def on_grid(maps, affine):
    """The same voxels lying elsewhere in the scanner."""
    grid = Grid(shape=maps.grid.shape, affine=affine)
    return replace(maps, series=altered(maps.series, grid=grid))


def cut(maps, slices):
    """Some slices of everything."""

    def part(volume):
        return volume[:, :, slices]

    grid = Grid(shape=part(maps.mask).shape, affine=maps.grid.affine)
    read = replace(maps.series.series, signal=part(maps.series.signal), grid=grid, slice_times=None)
    series = prepare(read, part(maps.mask), frames=maps.series.frames)
    plain = ("quality", "mask")
    return replace(
        maps,
        series=series,
        aif=replace(maps.aif, mask=None, vein=None),
        **{name: part(getattr(maps, name)) for name in plain},
        **{
            name: {key: part(volume) for key, volume in getattr(maps, name).items()}
            for name in ("sd", "volumes", "rois")
        },
    )


def large(maps, shape=(128, 128, 20), seed=0):
    """Maps of noise that hardly compresses on a large grid, half of it brain."""
    generator = np.random.default_rng(seed)
    centre = [np.linspace(-1, 1, n) for n in shape]
    x, y, z = np.meshgrid(*centre, indexing="ij")
    mask = x**2 + y**2 + 0.2 * z**2 < 0.72

    def volume(old):
        middle = float(np.nanmedian(old[maps.mask])) or 1.0
        spread = generator.normal(middle, 0.4 * abs(middle), shape).astype(np.float32)
        return np.where(mask, spread, np.nan)

    frames = maps.series.frames
    signal = generator.normal(600, 20, (*shape, frames.stop)).astype(np.float32)
    grid = Grid(shape=shape, affine=np.diag([1.7, 1.7, 5.0, 1.0]))
    return replace(
        maps,
        series=prepare(
            replace(maps.series.series, signal=signal, grid=grid, slice_times=None),
            mask,
            frames=frames,
        ),
        aif=replace(maps.aif, mask=None, vein=None),
        mask=mask,
        quality=np.where(mask, 0, 1).astype(np.uint8),
        rois={"tumor": mask & (x > 0.3), "reference": mask & (x < -0.3)},
        sd={name: volume(old) for name, old in maps.sd.items()},
        volumes={name: volume(old) for name, old in maps.volumes.items()},
    )


def with_flow(maps, flow):
    """Another map of CBF."""
    return replace(maps, volumes={**maps.volumes, "cbf": flow})


def policy(html):
    """Directive → values of the page's content policy."""
    text = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1)
    return {part.split()[0]: part.split()[1:] for part in text.replace("&#39;", "'").split(";")}


def contents(html, tag):
    """What stands in every ``tag`` that a browser would run or apply."""
    if tag != "script":
        html = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    return re.findall(rf"<{tag}>(.*?)</{tag}>", html, flags=re.DOTALL)


def sha256(text):
    """A source of a content policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def volumes(html):
    """What the viewer gets."""
    return json.loads(re.search(r'id="volumes">(.*?)</script>', html, flags=re.DOTALL).group(1))


def frame_of(html):
    """The page without what others made and without data: what a person wrote or named."""
    text = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    return re.sub(r'"data:image/png;base64,[^"]*"', '""', text)
