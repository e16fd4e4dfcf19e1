"""Who may talk to the viewer: this machine's browser, once it has shown the token."""

import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
USED = (
    "This address was opened before, or it is not the one the terminal shows: its token works "
    "once. Start the command again for a new one."
)


class Guard:
    """Lets nobody through but the browser that came with the token.

    The token in the address of the first visit is taken once, and exchanged for a cookie that
    scripts cannot read and other sites cannot send. A host other than this machine is refused, so
    that no other site can reach the viewer under a name of its own (DNS rebinding), and so is a
    POST from another origin. Every answer carries HEADERS.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token: str | None = token
        self._secret = secrets.token_urlsafe(32)
        self._cookie = f"bolus-{secrets.token_hex(4)}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"the viewer speaks HTTP, not {scope['type']}")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._answer(scope)
        await (self._app if answer is None else answer)(scope, receive, guarded)

    def _answer(self, scope: Scope) -> Response | None:
        """What is said instead of handing on."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host.rsplit(":", 1)[0] not in HOSTS:
            return _refused(f"this viewer is reached as {HOSTS[0]} only, not as '{host}'")
        if scope["method"] not in ("GET", "HEAD") and headers.get("origin") != f"http://{host}":
            return _refused("a change must come from the viewer's own page")
        if self._known(headers):
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and self._token_taken(given):
            answer = RedirectResponse("/", status_code=303)
            answer.set_cookie(self._cookie, self._secret, httponly=True, samesite="strict")
            return answer
        return _refused(USED)

    def _known(self, headers: Headers) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return found is not None and secrets.compare_digest(
            found.value.encode(), self._secret.encode()
        )

    def _token_taken(self, given: str) -> bool:
        if self._token is None or not secrets.compare_digest(given.encode(), self._token.encode()):
            return False
        self._token = None
        return True


def _refused(text: str) -> Response:
    return PlainTextResponse(text, status_code=403)
