"""Where weights come from, in words that JSON knows."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version

from bolus.learning.device import device_name, training_device
from bolus.learning.recipe import History, Recipe


def provenance(recipe: Recipe, history: History, more: Mapping[str, object]) -> dict[str, object]:
    """Recipe, losses, seconds and versions, and ``more``. No patient, no path."""
    return {
        "recipe": asdict(recipe),
        **history.provenance(),
        "seconds": round(sum(line.seconds for line in history.epochs), 1),
        "versions": {name: version(name) for name in ("bolus", "torch", "numpy")},
        "device": device_name(training_device()),
        **more,
    }
