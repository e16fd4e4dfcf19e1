"""Signatures that show the shape of every array: `Float[x y z]` for jaxtyping's own long form."""

import re

from sphinx.application import Sphinx

_SHAPE = re.compile(r"~?jaxtyping\.(\w+)\[(?:~?\w+\.)*\w+, ['\"] ?([^'\"]*)['\"]\]")
_OBJECT = re.compile(r"<(?:(?:built-in )?function )?([\w.]+)[^>]*>")


def legible(signature: str) -> str:
    """A signature with jaxtyping's annotations as kind and axes, and defaults by their name."""
    short = _SHAPE.sub(lambda found: f'{found[1]}["{found[2]}"]', signature)
    return _OBJECT.sub(r"\1", short.replace("<factory>", "..."))


def _process(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    def shown(text: str | None) -> str | None:
        if text is None:
            return None
        short = "" if text == "(*args, **kwargs)" else legible(text)
        # The physics is written for any array of the array API.
        return short.replace("~typing.Any", "Array") if name.startswith("bolus.physics") else short

    return shown(signature), shown(returns)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to autodoc."""
    app.connect("autodoc-process-signature", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
