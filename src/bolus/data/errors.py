"""The named errors. Each message says what was found, what was expected, and which file."""

from typing import NamedTuple


class RegistrationScore(NamedTuple):
    """How well a registration fits.

    ``kept`` is the part of the mutual information that is left where the image is shifted by 4 mm,
    on average over six directions; of a registration without meaning nearly all is left. ``apart``
    mm is by how far parts of the brain, each by itself, would rather be shifted (root mean square
    over the parts), distortion of the series included. ``travel`` mm is the mean way of the brain
    from where the headers put it.
    """

    kept: float
    apart: float
    travel: float

    @property
    def misfit(self) -> float:
        """The part that is kept, and a tenth for every mm that parts are apart."""
        return self.kept + self.apart / 10


class BolusError(Exception):
    """Anything that is the input's or the caller's fault; the command line exits with 2."""


class InputError(BolusError, ValueError):
    """Input that cannot be used."""


class CurveError(InputError):
    """Curves, arterial input, time step or noise that no estimator can take."""


class MethodError(InputError):
    """A method or residue name that does not exist."""


class SeriesError(InputError):
    """A file or folder that is not a usable DSC-MRI series."""


class AmbiguousInputError(SeriesError):
    """A folder that holds more than one series that could be meant."""


class BolusNotFoundError(SeriesError):
    """A series in which no contrast bolus passes."""


class MaskError(InputError):
    """A mask that is empty, on another grid, or not a mask."""


class RegistrationError(InputError):
    """An image or another date that does not fit; ``score`` says by how much, if known."""

    def __init__(self, message: str, score: RegistrationScore | None = None) -> None:
        super().__init__(message)
        self.score = score


class ArterialInputError(InputError):
    """No usable arterial input function."""


class WeightsError(InputError):
    """Weights that are missing, damaged, or do not fit the network they are given to."""


class NoPosteriorError(BolusError, LookupError):
    """An interval was asked of a method without posterior, or of a quantity outside it."""


class OutputError(BolusError, OSError):
    """A place that cannot be written to, or that already exists."""


class NetworkError(BolusError, OSError):
    """A peer on the network that does not answer, or refuses what is asked of it."""
