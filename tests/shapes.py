"""The run-time type checker of the tests: an int may stand for a float, as for mypy."""

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype

_typed = beartype(conf=BeartypeConf(is_pep484_tower=True))


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """What jaxtyping calls twice for each call: for the parameters, and again with the result.

    The second call would check the parameters a second time, which costs much and finds nothing:
    their sizes are known by then, and the result's are held against them. A function is made ready
    when it is first called, for most of the program is called by none of a worker's tests.
    """
    result = function.__annotations__.get("return", Any)
    if result is not Any:
        function.__annotations__ = {"return": result}
    ready: list[Callable[..., Any]] = []

    def checked(*args: Any, **kwargs: Any) -> Any:
        if not ready:
            ready.append(_typed(function))
        return ready[0](*args, **kwargs)

    return checked
