"""``bolus app`` as a web application: the page where maps begin, then the viewer of them."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from bolus.base.about import NOTICE
from bolus.estimators import METHODS
from bolus.patient.methods import DEFAULT
from bolus.viewer.app import routes
from bolus.viewer.auth import Guard
from bolus.viewer.serve import Viewer, listen
from bolus.viewer.session import Session
from bolus.viewer.start import Desk
from bolus.viewer.web import PROBLEMS, as_json, get, post, static


def desk_app(desk: Desk | None = None, token: str | None = None) -> Starlette:
    """The application; its address ends in ``?token=`` and ``state.token``, as the viewer's does.

    '/start' is the page that finds series and makes maps; every other address is the viewer's, of
    the maps that were made or opened last.
    """
    desk = desk or Desk()
    token = token or secrets.token_urlsafe(24)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(desk.job.close)
        await run_in_threadpool(desk.dropped.clear)
        if desk.session is not None:
            await run_in_threadpool(desk.session.job.close)

    def about(request: Request) -> object:
        return {"notice": NOTICE, "methods": list(METHODS), "usual": DEFAULT}

    def job(request: Request) -> object:
        return desk.job.told()

    async def upload(request: Request) -> Response:
        file = desk.dropped.file(request.query_params.get("name", ""))
        with file.open("wb") as opened:
            async for part in request.stream():
                await run_in_threadpool(opened.write, part)
        return as_json({"path": str(desk.dropped.folder)})

    app = Starlette(
        routes=[
            Route("/start", lambda request: static("start.html")),
            Route("/api/start/about", get(about)),
            Route("/api/start/job", get(job)),
            Route("/api/start/browse", post(desk.browse), methods=["POST"]),
            Route("/api/start/find", post(desk.find), methods=["POST"]),
            Route("/api/start/upload", upload, methods=["POST"]),
            Route("/api/start/clear", post(desk.clear), methods=["POST"]),
            Route("/api/start/make", post(desk.make), methods=["POST"]),
            Route("/api/start/open", post(desk.open), methods=["POST"]),
            Mount("/", Behind(desk)),
        ],
        middleware=[Middleware(Guard, token=token)],
        exception_handlers=PROBLEMS,
        lifespan=lifespan,
    )
    app.state.token, app.state.desk = token, desk
    return app


class Behind:
    """The viewer of the desk's present session; before there is one, only files of the page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._before = _before()
        self._shown: tuple[Session, Starlette] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the viewer does."""
        session = self._desk.session
        if session is not None:
            await self._viewer(session)(scope, receive, send)
            return
        await self._before(scope, receive, send)

    def _viewer(self, session: Session) -> Starlette:
        if self._shown is None or self._shown[0] is not session:
            inner = Starlette(routes=routes(session), exception_handlers=PROBLEMS)
            self._shown = (session, inner)
        return self._shown[1]


def _before() -> Starlette:
    """What is answered before there are maps: the page that makes them, and its files."""

    def absent(request: Request) -> Response:
        raise HTTPException(409, "there are no maps yet")

    return Starlette(
        routes=[
            Route("/", lambda request: static("start.html")),
            Route("/static/{name}", lambda request: static(request.path_params["name"])),
            Route("/{rest:path}", absent, methods=["GET", "POST"]),
        ],
        exception_handlers=PROBLEMS,
    )


def open_desk(*, port: int = 0) -> Viewer:
    """The application on ``port`` of 127.0.0.1 (0: a free one), ready to run.

    Raises InputError for a port in use.
    """
    return Viewer(desk_app(), listen(port))
