"""Registration of a series to an anatomical image: found, judged, refused where it does not fit."""

import numpy as np
from jaxtyping import Float

from bolus.base.progress import QUIET, Reporter
from bolus.data import AnatomicalImage, Anatomy, PreparedSeries
from bolus.preprocess.anatomy.images import fixed_of, moving_of
from bolus.preprocess.anatomy.judge import check_score, scored
from bolus.preprocess.anatomy.search import LAST, fit, place
from bolus.preprocess.motion.one_thread import one_itk_thread

STAGES, DOING = 3, "registering the anatomy"


def register_anatomy(
    series: PreparedSeries, image: AnatomicalImage, reporter: Reporter = QUIET
) -> Anatomy:
    """Rigid registration of a series to an anatomical image of the same patient, of any contrast.

    The mean image before the bolus, of the brain and 6 mm around it, is put where its mutual
    information with the image is highest (Mattes et al., IEEE Trans Med Imaging 2003;22:120):
    coarsely, from the headers' place and from the best of some hundred others, then to the image as
    the voxels of the series see it, averaged over each, so that thick slices and slabs fit.
    An image that lies on the series' own grid counts as registered already. The same input gives
    the same transform on any number of cores.

    Raises RegistrationError, with its score, for a registration that does not fit, so for another
    patient; for a brain too small or in fewer than three slices; for images that do not overlap.
    """
    fixed, moving = fixed_of(series.baseline, series.mask, series.grid), moving_of(image)
    found, same = np.eye(4), image.grid.matches(series.grid)
    with one_itk_thread():
        if not same:
            reporter.advance(0, STAGES, DOING)
            pose = place(fixed, moving)
            reporter.advance(1, STAGES, DOING)
            found = fit(fixed, moving, pose)
        reporter.advance(2, STAGES, DOING)
    travel = mean_distance(found, np.eye(4), fixed.places(fixed.brain))
    seen = moving if same else moving.seen(fixed, found)
    score = scored(fixed, seen.smooth(fixed.smoothing(LAST.smoothing)), travel)
    reporter.advance(STAGES, STAGES, DOING)
    check_score(score, image.name)
    return Anatomy(image=image, to_anatomy=found, score=score)


def mean_distance(
    one: Float[np.ndarray, "4 4"],
    other: Float[np.ndarray, "4 4"],
    places: Float[np.ndarray, "n 3"],
) -> float:
    """Mean distance in mm between where two transforms take some places, mm (n, 3)."""
    gap = places @ (one - other)[:3, :3].T + (one - other)[:3, 3]
    return float(np.linalg.norm(gap, axis=1).mean())
