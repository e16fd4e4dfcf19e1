"""What a study found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bolus.io.cohort import Participant
from bolus.study.patient import Examined, Row
from bolus.study.settings import StudySettings
from bolus.study.table import Pair, TableRow


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """What a study found.

    ``participants`` were examined, ``rows`` has every method at every SNR in each, ``examined``
    also those of whom nothing could be made; ``trained`` says on whom weights were trained,
    ``series_trained`` on how many.
    """

    cohort: Path
    settings: StudySettings
    participants: tuple[Participant, ...]
    examined: tuple[Examined, ...]
    rows: tuple[Row, ...]
    table: tuple[TableRow, ...]
    pairs: tuple[Pair, ...]
    weights: Mapping[str, Path]
    trained: str | None
    series_trained: int

    @property
    def failed(self) -> tuple[Examined, ...]:
        """Patients at SNRs of whom nothing could be made."""
        return tuple(one for one in self.examined if one.error is not None)
