"""Objects that hold arrays, printed as wide as a screen."""

from collections.abc import Mapping, Sized
from dataclasses import fields, is_dataclass
from textwrap import fill

import numpy as np

SCREEN, LONGEST = 79, 40


def brief(thing: object) -> str:
    """Its fields in a line or a few: of arrays type and shape, of other large things their kind."""
    named = getattr(thing, "_fields", None)
    if named is None and is_dataclass(thing):
        named = [one.name for one in fields(thing) if one.repr]
    told = [f"{name}={_word(getattr(thing, name))}" for name in named or ()]
    return fill(f"{type(thing).__name__}({', '.join(told)})", SCREEN, subsequent_indent="  ")


def _word(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {'×'.join(map(str, value.shape)) or 'scalar'}"
    if isinstance(value, Mapping) and value:
        return f"{{{', '.join(map(str, value))}}}" if len(value) <= 6 else f"{len(value)} entries"
    written = repr(value) if not is_dataclass(value) else ""
    if written and len(written) <= LONGEST and "\n" not in written:
        return written
    size = f" of {len(value)}" if isinstance(value, Sized) else ""
    return f"{type(value).__name__}{size}"
