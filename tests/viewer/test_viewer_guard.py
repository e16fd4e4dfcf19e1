"""Nobody but the browser that came with the token gets an answer."""

import pytest
from viewer_cases import BASE, client_of

from bolus.viewer import viewer_app
from bolus.viewer.app import application

PATHS = ("/", "/static/app.js", "/api/result", "/api/volume/cbf", "/api/voxel?i=1&j=1&k=1")


@pytest.fixture
def app(reading):
    return application(reading.session)


@pytest.fixture
def client(app):
    return client_of(app, follow_redirects=False)


def enter(client, app):
    answer = client.get("/", params={"token": app.state.token})
    assert answer.status_code == 303
    return answer


@pytest.mark.parametrize("path", PATHS)
def test_nothing_without_the_token(client, path):
    answer = client.get(path)
    assert answer.status_code == 403
    assert "token" in answer.text


@pytest.mark.parametrize("token", ["", "wrong", "ü", "a" * 5000])
def test_a_wrong_token_opens_nothing_and_does_not_use_up_the_right_one(client, app, token):
    assert client.get("/", params={"token": token}).status_code == 403
    assert not client.cookies
    enter(client, app)


def test_the_token_works_once(client, app):
    enter(client, app)
    other = client_of(app, follow_redirects=False)
    answer = other.get("/", params={"token": app.state.token})
    assert answer.status_code == 403
    assert "works once" in answer.text
    assert client.get("/").status_code == 200


def test_the_token_opens_the_page_only(client, app):
    answer = client.get("/api/result", params={"token": app.state.token})
    assert answer.status_code == 403
    enter(client, app)


def test_the_cookie_is_for_this_page_alone(client, app):
    answer = enter(client, app)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "expires" not in cookie
    assert "max-age" not in cookie
    assert app.state.token not in cookie
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("cookie", ["x", "bolus=1", '"', "a=b; c"])
def test_another_cookie_opens_nothing(client, app, cookie):
    enter(client, app)
    name = next(iter(client.cookies))
    stranger = client_of(app)
    for value in (cookie, f"{name}={cookie}"):
        assert stranger.get("/api/result", headers={"Cookie": value}).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8123", "127.0.0.1.evil.example", "10.0.0.1", "", "[::1]"]
)
def test_another_name_for_this_machine_is_refused(client, app, host):
    """DNS rebinding: a page of evil.example that now points at 127.0.0.1."""
    enter(client, app)
    answer = client.get("/api/result", headers={"Host": host})
    assert answer.status_code == 403
    assert "127.0.0.1 only" in answer.text


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", f"{BASE}0", "http://127.0.0.1"]
)
def test_a_change_from_another_origin_is_refused(client, app, origin):
    enter(client, app)
    answer = client.post("/api/regions/ratio", json={}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "own page" in answer.text
    assert client.post("/api/regions/ratio", json={}).status_code == 400


@pytest.mark.parametrize("path", [*PATHS, "/static/nothing.js", "/nowhere"])
@pytest.mark.parametrize("known", [False, True])
def test_every_answer_carries_the_policy(client, app, path, known):
    if known:
        enter(client, app)
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    ["/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/app.py", "/static/", "/static/x.js"],
)
def test_no_file_but_the_page_s_own(client, app, path):
    enter(client, app)
    assert client.get(path).status_code == 404


def test_two_viewers_do_not_share_a_door(kept, reading):
    """Cookies of one machine are not kept apart by port."""
    one, two = application(reading.session), viewer_app(kept.root / "leak")
    client = client_of(one)
    client.get("/", params={"token": one.state.token})
    other = client_of(two, cookies=client.cookies)
    assert other.get("/api/result").status_code == 403
    assert other.get("/", params={"token": two.state.token}).status_code == 200
    assert len(set(other.cookies)) == 2
