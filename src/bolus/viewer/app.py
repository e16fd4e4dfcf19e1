"""The viewer as a web application: what each address answers."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bolus.data import InputError
from bolus.viewer.anatomy import pictures
from bolus.viewer.arteries import preview
from bolus.viewer.auth import Guard
from bolus.viewer.facts import facts
from bolus.viewer.json import marked
from bolus.viewer.region_files import mean_curves, region_file, region_from
from bolus.viewer.regions import ratios
from bolus.viewer.session import Session, medians
from bolus.viewer.view import REGIONS, View
from bolus.viewer.voxel import voxel
from bolus.viewer.web import (
    PROBLEMS,
    as_json,
    as_object,
    binary,
    body_of,
    download,
    get,
    post,
    static,
)


def application(session: Session, token: str | None = None) -> Starlette:
    """The application for a session; its address ends in ``?token=`` and ``state.token``."""
    token = token or secrets.token_urlsafe(24)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(session.job.close)

    app = Starlette(
        routes=routes(session),
        middleware=[Middleware(Guard, token=token)],
        exception_handlers=PROBLEMS,
        lifespan=lifespan,
    )
    app.state.token, app.state.session = token, session
    return app


def routes(session: Session) -> list[Route]:
    """What every address of a viewer answers, for who has been let in."""
    answers = Answers(session)
    return [
        Route("/", lambda request: static("index.html")),
        Route("/static/{name}", lambda request: static(request.path_params["name"])),
        Route("/api/result", get(answers.result)),
        Route("/api/volume/{name}", answers.volume),
        Route("/api/mask/{name}", answers.mask),
        Route("/api/anatomy", answers.anatomy),
        Route("/api/voxel", get(answers.voxel)),
        Route("/api/job", get(answers.job)),
        Route("/api/aif/preview", post(answers.preview), methods=["POST"]),
        Route("/api/aif/save", post(answers.save_aif), methods=["POST"]),
        Route("/api/recompute", post(answers.recompute), methods=["POST"]),
        Route("/api/regions/ratio", post(answers.ratio), methods=["POST"]),
        Route("/api/regions/save", post(answers.save_regions), methods=["POST"]),
        Route("/api/regions/load", answers.load_region, methods=["POST"]),
        Route("/api/regions/file", answers.region_file, methods=["POST"]),
        Route("/api/label", post(answers.label), methods=["POST"]),
    ]


class Answers:
    """What the addresses answer, from the session as it is at that moment."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def result(self, request: Request) -> object:
        """All facts of the view; with the medians before and after the last computation."""
        session = self._session
        told = facts(session.view, session.folder.name, session.method)
        told |= {"desk": session.desk, "locked": session.locked, "reason": session.reason}
        if session.before is not None and session.view.maps is not None:
            now = medians(session.view.maps)
            told["before"] = {"medians": medians(session.before.maps), "now": now}
        return told

    def volume(self, request: Request) -> Response:
        """A volume as float32, least byte first, in C order; ``?before`` of the maps replaced."""
        view = self._seen(request)
        try:
            values = view.volume(request.path_params["name"])
        except KeyError as error:
            raise HTTPException(404, f"there is no volume {error}") from error
        return binary(np.ascontiguousarray(values, dtype="<f4"))

    def mask(self, request: Request) -> Response:
        """A mask or the quality map as bytes in C order."""
        try:
            values = self._seen(request).mask(request.path_params["name"])
        except KeyError as error:
            raise HTTPException(404, f"there is no mask {error}") from error
        return binary(np.ascontiguousarray(values))

    def anatomy(self, request: Request) -> Response:
        """The anatomy as greys, slices × rows × columns, whose numbers are in a header each.

        ``?through=`` 0, 1 or 2 is the direction across the slices: right, anterior, superior;
        ``?image=`` the number of the image, from 1.
        """
        told, image = request.query_params.get("through"), request.query_params.get("image", "1")
        if told not in (None, "0", "1", "2"):
            raise InputError(f"slices are across 0, 1 or 2, found '{told}'")
        if not image.isdecimal():
            raise InputError(f"an image has a number from 1, found '{image}'")
        try:
            values = pictures(self._session.view, None if told is None else int(told), int(image))
        except KeyError as error:
            raise HTTPException(404, "there is no anatomy") from error
        response = binary(values)
        response.headers["X-Shape"] = ",".join(str(n) for n in values.shape)
        return response

    def voxel(self, request: Request) -> object:
        """One voxel, ``?i=…&j=…&k=…``; see ``voxel``."""
        told = [request.query_params.get(axis, "") for axis in "ijk"]
        try:
            i, j, k = (int(n) for n in told)
        except ValueError as error:
            raise InputError(f"a voxel is three whole numbers i, j, k, found {told}") from error
        return voxel(self._session.view, (i, j, k))

    def job(self, request: Request) -> object:
        """How far the computation is."""
        return {**self._session.job.told(), "version": self._session.view.version}

    def preview(self, told: dict[str, object]) -> object:
        """What marked voxels would give."""
        return preview(self._session.view, self._marks(told, "voxels"), self._vein(told))

    def save_aif(self, told: dict[str, object]) -> object:
        """Keep marked voxels and their curve."""
        marks = self._marks(told, "voxels")
        return {"files": self._session.save_arteries(marks, self._vein(told))}

    def recompute(self, told: dict[str, object]) -> object:
        """Begin to make the maps anew, from ``voxels`` or, with ``back``, as they were before."""
        if told.get("back") is True:
            self._session.go_back()
        else:
            self._session.recompute(self._marks(told, "voxels"), self._vein(told))
        return self._session.job.told()

    def ratio(self, told: dict[str, object]) -> object:
        """Ratios between the drawn regions, and their mean curves."""
        view, masks = self._session.view, {name: self._marks(told, name) for name in REGIONS}
        return {**ratios(view, masks), "curves": mean_curves(view, masks)}

    def save_regions(self, told: dict[str, object]) -> object:
        """Keep the drawn regions."""
        masks = {name: self._marks(told, name) for name in REGIONS}
        return {"files": self._session.save_regions(masks)}

    async def load_region(self, request: Request) -> Response:
        """The voxel numbers of the region in a file, which is the request's body."""
        content, view = await body_of(request), self._session.view
        mask = await run_in_threadpool(region_from, view, content)
        return as_json({"voxels": np.flatnonzero(mask), "outside": int((mask & ~view.brain).sum())})

    async def region_file(self, request: Request) -> Response:
        """The drawn ``voxels`` as a NIfTI file."""
        told = as_object(await body_of(request))
        view = self._session.view
        mask = marked(told.get("voxels"), view.series.grid.shape, "voxels")
        return download(await run_in_threadpool(region_file, view, mask))

    def label(self, told: dict[str, object]) -> object:
        """Keep the user's own label of the result."""
        label = told.get("label")
        if not isinstance(label, str):
            raise InputError(f"a label is a text, found {label!r}")
        self._session.set_label(label)
        return {"label": label}

    def _vein(self, told: dict[str, object]) -> np.ndarray | None:
        return self._marks(told, "vein") if "vein" in told else None

    def _marks(self, told: dict[str, object], name: str) -> np.ndarray:
        return marked(told.get(name), self._session.view.series.grid.shape, name)

    def _seen(self, request: Request) -> View:
        view, before = self._session.view, self._session.before
        if "before" not in request.query_params:
            return view
        if before is None:
            raise HTTPException(404, "no maps have been replaced")
        return replace(view, result=before, version=0)
