"""Answers of a web application: JSON, numbers, files of the page, and problems in words."""

from collections.abc import Callable
from importlib.resources import files

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bolus.assets import asset_bytes
from bolus.base.json import from_text, to_text
from bolus.data import BolusError, InputError
from bolus.viewer.background import BusyError

KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
BORROWED = ("uPlot.iife.min.js", "uPlot.min.css")
LARGEST = 32 * 2**20
"""Bytes of a request's body."""


def get(function: Callable[[Request], object]) -> Callable[[Request], Response]:
    """An answer in JSON to a question."""
    return lambda request: as_json(function(request))


def post(
    function: Callable[[dict[str, object]], object],
) -> Callable[[Request], "object"]:
    """An answer in JSON to an object in JSON, made in a thread."""

    async def answer(request: Request) -> Response:
        told = as_object(await body_of(request))
        return as_json(await run_in_threadpool(function, told))

    return answer


async def body_of(request: Request) -> bytes:
    """The bytes of a request. Raises HTTPException for more than LARGEST."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise HTTPException(413, f"a request holds {LARGEST} bytes at the most")
        parts.append(part)
    return b"".join(parts)


def as_object(body: bytes) -> dict[str, object]:
    """The object of a request in JSON. Raises InputError."""
    return from_text(body, "the request")


def as_json(told: object) -> Response:
    """Anything as JSON, what is not finite as null."""
    return Response(to_text(told, compact=True, nan_as_none=True), media_type="application/json")


def binary(values: np.ndarray) -> Response:
    """Numbers as they lie in memory."""
    return Response(values.tobytes(), media_type="application/octet-stream")


def download(content: bytes) -> Response:
    """A compressed file."""
    return Response(content, media_type="application/gzip")


def static(name: str) -> Response:
    """A file of the page. Raises HTTPException for another name."""
    kind = next((KINDS[end] for end in KINDS if name.endswith(end)), None)
    folder = files("bolus.viewer") / "static"
    if name in BORROWED:
        return Response(asset_bytes(name), media_type=kind)
    if kind is None or name not in {path.name for path in folder.iterdir()}:
        raise HTTPException(404, f"there is no file {name}")
    return Response((folder / name).read_bytes(), media_type=kind)


async def _problem(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return JSONResponse({"problem": error.detail}, status_code=error.status_code)
    status = 409 if isinstance(error, BusyError) else 400 if isinstance(error, InputError) else 500
    return JSONResponse({"problem": str(error)}, status_code=status)


PROBLEMS = {BolusError: _problem, HTTPException: _problem}
"""Who answers when something is wrong."""
