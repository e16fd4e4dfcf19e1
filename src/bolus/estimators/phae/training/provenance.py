"""Where weights come from, in words that JSON knows."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version

from bolus.estimators.phae.training.recipe import History, Recipe


def provenance(
    seed: int, recipe: Recipe, history: History, more: Mapping[str, object]
) -> dict[str, object]:
    """Seed, recipe, losses, seconds and versions, and ``more``. No patient, no path."""
    last, best = history.epochs[-1], history.epochs[history.best - 1]
    return {
        "seed": seed,
        "recipe": asdict(recipe),
        "epochs_run": len(history.epochs),
        "best_epoch": history.best,
        "stopped_early": history.stopped_early,
        "train_loss": last.train_loss,
        "validation_loss": best.validation_loss,
        "seconds": round(last.seconds, 1),
        "versions": {name: version(name) for name in ("bolus", "torch", "numpy")},
        **more,
    }
