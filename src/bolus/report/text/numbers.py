"""What goes beside the table of numbers: what its columns and every number in it are."""

from bolus.base.about import NOTICE
from bolus.data import PerfusionMaps


def numbers_sidecar(maps: PerfusionMaps) -> dict[str, object]:
    """Sidecar of the table: its columns, and of every number what it is and where from."""
    levels = {
        about.name: f"{about.definition} ({about.source})"
        for about in (number.about for number in maps.measurements)
    }
    return {
        "Description": f"Numbers of regions of the maps. {NOTICE}",
        "measure": {"Description": "The number", "Levels": levels},
        "region": {"Description": "Region that it was measured in"},
        "value": {"Description": "The number, in the unit of its line"},
        "low_90": {"Description": "Low end of its central 90 % interval"},
        "high_90": {"Description": "High end of its central 90 % interval"},
        "unit": {"Description": "Unit"},
        "voxels": {"Description": "Voxels that it was measured in"},
        "note": {"Description": "What the number depends on"},
    }
