"""What every output says of a method: a sentence, what it cites, and a code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bolus.data.codes import Concept

CITED = r"\[(\w+)\]"
"""How a sentence cites a publication by its key."""
LONGEST_VALUE, LONGEST_MEANING = 16, 64
"""Characters of a coded concept that DICOM allows (SH and LO)."""


class Citation(NamedTuple):
    """A publication: in full, as a list of references has it, and the journal's place alone."""

    full: str
    short: str


@dataclass(frozen=True, kw_only=True)
class Description:
    """What the outputs say of an estimator.

    ``sentence`` is the rest of 'CBF, CBV and MTT were estimated by …', without a full stop; it
    cites by ``[key]``, a key of ``citations``, and has ``{chosen}`` where the parameters belong.
    ``code`` is its concept in DICOM's parametric maps (CID 4106), None where there is none.
    """

    sentence: str
    citations: Mapping[str, Citation] = field(default_factory=dict)
    code: Concept | None = None
