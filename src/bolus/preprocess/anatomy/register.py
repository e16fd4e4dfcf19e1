"""Registration of a series to an anatomical image: found, judged, refused where it does not fit."""

import numpy as np
from jaxtyping import Float

from bolus.base.progress import QUIET, Reporter
from bolus.data import AnatomicalImage, Anatomy, PreparedSeries
from bolus.preprocess.anatomy.images import Fixed, fixed_of, moving_of
from bolus.preprocess.anatomy.judge import check_score, scored
from bolus.preprocess.anatomy.search import LAST, fit, place
from bolus.preprocess.motion.one_thread import one_itk_thread

STAGES = 3


def register_anatomy(
    series: PreparedSeries, image: AnatomicalImage, reporter: Reporter = QUIET
) -> Anatomy:
    """Rigid registration of a series to an anatomical image of the same patient, of any contrast.

    The mean image before the bolus, of the brain and 6 mm around it, is put where its mutual
    information with the image is highest (Mattes et al., IEEE Trans Med Imaging 2003;22:120):
    coarsely, from the headers' place and from the best of some hundred others, then to the image as
    the voxels of the series see it, averaged over each, so that thick slices and slabs of a few fit.
    An image that lies on the series' own grid counts as registered already. The same input gives
    the same transform on any number of cores.

    Raises RegistrationError, with its score, for a registration that does not fit: so for another
    patient; for a brain too small or in fewer than three slices; and for images that do not overlap.
    """
    fixed, moving = fixed_of(series), moving_of(image)
    same = image.grid.matches(series.grid)
    with one_itk_thread():
        reporter.advance(0, STAGES, "registering the anatomy")
        space = fixed.space
        first = np.eye(4) if same else space.matrix(place(fixed, moving))
        reporter.advance(1, STAGES, "registering the anatomy")
        seen = moving.seen(fixed, first).smooth(LAST.smoothing)
        rest = np.eye(4) if same else space.matrix(fit(fixed, seen))
        reporter.advance(2, STAGES, "registering the anatomy")
    found = first @ rest
    score = scored(fixed, seen, rest, _travel(fixed, found))
    reporter.advance(STAGES, STAGES, "registering the anatomy")
    check_score(score, image.name)
    return Anatomy(image=image, to_anatomy=found, score=score)


def _travel(fixed: Fixed, matrix: Float[np.ndarray, "4 4"]) -> float:
    """Mean way in mm of the brain's voxels."""
    return mean_distance(matrix, np.eye(4), fixed.places(fixed.brain))


def mean_distance(
    one: Float[np.ndarray, "4 4"],
    other: Float[np.ndarray, "4 4"],
    places: Float[np.ndarray, "n 3"],
) -> float:
    """Mean distance in mm between where two transforms take some places, mm (n, 3)."""
    gap = places @ (one - other)[:3, :3].T + (one - other)[:3, 3]
    return float(np.linalg.norm(gap, axis=1).mean())
