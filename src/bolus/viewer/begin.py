"""A series without maps, ready for arterial voxels to be marked in it."""

import os
from pathlib import Path

import numpy as np

from bolus.base.progress import QUIET, Reporter
from bolus.data import DSCSeries, Preparation
from bolus.data.options import USUAL
from bolus.estimators import Estimator, estimator
from bolus.patient import method_name, ready
from bolus.preprocess import tissue_curves
from bolus.viewer.session import Session
from bolus.viewer.view import View


def session_of_series(
    folder: Path,
    series: DSCSeries,
    method: str | Estimator,
    mask: np.ndarray | str | os.PathLike[str] | None = None,
    *,
    preparation: Preparation = USUAL,
    reporter: Reporter = QUIET,
) -> Session:
    """A session that makes ``folder`` by ``method`` once arteries are marked.

    ``mask`` (x, y, z) is the brain, None finds it. Raises as ``bolus.perfusion_maps`` does.
    """
    made = estimator(method)
    prepared = ready(series, mask, preparation=preparation, reporter=reporter)
    view = View(
        series=prepared,
        curves=tissue_curves(prepared),
        result=None,
        regions={},
        preparation=preparation,
    )
    return Session(folder, view, made, method_name(made))
