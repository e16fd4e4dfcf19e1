"""``python -m bolus`` in a process that ends with the one that began it.

Its standard input is a pipe that nothing is written into: when its other end closes, as it does
however the listener ends, this process ends at once. So no maps are made that nobody waits for.
"""

import os
import runpy
import sys
from threading import Thread

ORPHANED = 75
"""Exit code where the listener is gone."""


def _watch(handle: int) -> None:
    while os.read(handle, 1):
        pass
    os._exit(ORPHANED)


if __name__ == "__main__":
    Thread(target=_watch, args=(sys.stdin.fileno(),), daemon=True).start()
    sys.argv[0] = "bolus"
    runpy.run_module("bolus", run_name="__main__", alter_sys=False)
