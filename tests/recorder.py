"""A reporter that remembers what it gets."""

from bolus.base.progress import Quiet


class Recorder(Quiet):
    """Lists of what was reported; ``stop_after`` an epoch raises ``error``."""

    def __init__(self, stop_after=None, error=None):
        self.steps, self.advances, self.epochs, self.skips, self.notes = [], [], [], [], []
        self._stop_after, self._error = stop_after, error

    def step(self, name):
        self.steps.append(name)

    def advance(self, done, total, label):
        self.advances.append((done, total, label))

    def epoch(self, epoch):
        self.epochs.append(epoch)
        if epoch.epoch == self._stop_after:
            raise self._error

    def skipped(self, who, why):
        self.skips.append((who, why))

    def note(self, text):
        self.notes.append(text)
