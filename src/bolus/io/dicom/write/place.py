"""Voxels of a grid as the planes of an image, lying as the planes of the source do."""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Shaped

from bolus.data import Grid
from bolus.io.dicom.planes import right_angled
from bolus.io.dicom.write.origin import Origin

if TYPE_CHECKING:
    from highdicom import Volume
else:
    Volume = Any  # highdicom is imported with the first object to write

_SLICE, _ROW, _COLUMN = range(3)


def volume_of(
    array: Shaped[np.ndarray, "x y z *channel"],
    grid: Grid,
    origin: Origin,
    channels: dict[str, list[int]] | None = None,
) -> Volume:
    """Values on a grid as a volume of planes, rows and columns, where they are in the patient.

    Rows and columns run as in the source's images, so that a viewer shows both alike, and slices
    along their normal. Axes are only exchanged and reversed, so nothing is interpolated; where
    they run is given by the volume's affine.
    """
    import highdicom as hd

    volume = hd.Volume(
        np.swapaxes(array, 0, 2),
        right_angled(grid)[:, [2, 1, 0, 3]],
        coordinate_system=hd.CoordinateSystemNames.PATIENT,
        frame_of_reference_uid=str(origin.header.FrameOfReferenceUID),
        channels=channels,
        from_reference_convention="RAS",
    )
    wanted = {_ROW: origin.column, _COLUMN: origin.row}
    vectors = volume.unit_vectors()
    turned = [
        axis
        for axis, direction in wanted.items()
        if direction is not None and vectors[axis] @ direction < 0
    ]
    volume = volume.flip_spatial(turned) if turned else volume
    # Of slice, row and column: left-handed where slices follow row × column, as in most series.
    return volume.ensure_handedness(hd.AxisHandedness.LEFT_HANDED, flip_axis=_SLICE)
