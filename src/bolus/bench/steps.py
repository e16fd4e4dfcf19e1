"""Telling a caller how far the work is."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]


class Steps:
    """Counts steps towards ``total`` and hands (done, total, label) to ``progress``, if any."""

    def __init__(self, total: int, progress: Progress | None = None) -> None:
        self.total = total
        self.done = 0
        self._begun = False
        self._progress = progress

    def __call__(self, label: str) -> None:
        """Begin the next step, and so end the one before."""
        self.done += self._begun
        self._begun = True
        self._tell(label)

    def finish(self) -> None:
        """End the last step."""
        self.done += self._begun
        self._begun = False
        self._tell("done")

    def _tell(self, label: str) -> None:
        if self._progress is not None:
            self._progress(self.done, self.total, label)
