from __future__ import annotations

from tests.auth.conftest import Api

ORIGIN = "https://app.example.com"


def test_a_preflight_allows_what_was_asked(api: Api) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    response = api.request("OPTIONS", "/signin/email-password", headers={"Origin": ORIGIN, **asked})
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Methods"] == "POST, GET"
    assert response.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.headers["Access-Control-Max-Age"] == "86400"


def test_refusals_can_be_read_across_origins_too(api: Api) -> None:
    for path in ("/user", "/nowhere"):
        response = api.get(path, headers={"Origin": ORIGIN})
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN and response.headers["Vary"] == "Origin"


def test_without_an_origin_nothing_is_added(api: Api) -> None:
    assert "Access-Control-Allow-Origin" not in api.get("/version").headers
    assert api.request("OPTIONS", "/version").status_code == 405
