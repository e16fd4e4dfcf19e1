"""The files of a training: where it works, what it leaves, what it refuses to replace."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from bolus.base.about import NOTICE
from bolus.base.files import write_bytes
from bolus.data import InputError, OutputError
from bolus.estimators.weights import Weights, write_weights
from bolus.learning.cohort import INDEX, VOXELS
from bolus.report.figures.loss import save_loss_curve

CHECKPOINT, LOG, SIMULATED = "checkpoint.safetensors", "log.csv", "curves"


def work_folder(out: Path) -> Path:
    """Where the training of ``out`` keeps its checkpoint, log and voxels."""
    return out.with_name(out.name + ".work")


def begin(out: Path, *, resume: bool, overwrite: bool) -> Path:
    """The work folder, made ready.

    Raises OutputError when ``out`` exists or an unfinished training lies beside it, unless it is
    to be resumed or overwritten, and when the place cannot be written.
    """
    work = work_folder(out)
    if out.is_dir():
        raise OutputError(f"{out}: a folder of this name exists; give the name of a file")
    if not resume and not overwrite:
        if out.exists():
            raise OutputError(f"{out}: exists; give another name, --resume or --overwrite")
        if (work / CHECKPOINT).exists():
            raise OutputError(
                f"{work}: an unfinished training lies here; --resume goes on with it, "
                "--overwrite starts anew"
            )
    try:
        work.mkdir(parents=True, exist_ok=True)
        write_bytes(work / ".writable", b"")
        (work / ".writable").unlink()
    except OSError as error:
        raise OutputError(f"{work}: cannot be written ({error.strerror or error})") from error
    if not resume:
        forget(work, everything=True)
    return work


def forget(work: Path, *, everything: bool) -> None:
    """Remove the voxels of a training, and with ``everything`` its checkpoint and log too."""
    for folder in (VOXELS, SIMULATED):
        shutil.rmtree(work / folder, ignore_errors=True)
    (work / INDEX).unlink(missing_ok=True)
    if everything:
        for name in (CHECKPOINT, LOG):
            (work / name).unlink(missing_ok=True)


def finish(out: Path, weights: Weights) -> None:
    """Write log, loss curve and, last, the weights beside each other; the voxels go.

    The checkpoint stays, so that ``resume`` can add epochs. Raises OutputError.
    """
    work = work_folder(out)
    stem = out.with_suffix("")
    write_bytes(stem.with_name(stem.name + ".csv"), (work / LOG).read_bytes())
    told = weights.provenance
    save_loss_curve(
        _losses(told["train_loss"]),
        _losses(told["validation_loss"]),
        stem.with_name(stem.name + ".png"),
        title=f"bolus train · {weights.kind} · {NOTICE}",
        kept=cast(int, told["epoch_kept"]),
    )
    write_weights(out, weights)
    forget(work, everything=False)


def check_name(out: Path) -> Path:
    """The same path. Raises InputError for a name that the log or the picture would overwrite."""
    if out.suffix.lower() in (".csv", ".png"):
        raise InputError(f"{out}: weights are written as safetensors; call it WEIGHTS.safetensors")
    return out


def _losses(told: object) -> Sequence[float]:
    return [float("nan") if v is None else float(v) for v in cast(list[float | None], told)]
