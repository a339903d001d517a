from __future__ import annotations

from tests.auth.conftest import Start, bearer


def test_anybody_may_come_in_where_that_is_enabled(start: Start) -> None:
    api = start(AUTH_ANONYMOUS_USERS_ENABLED="true")
    user = api.ok("/signin/anonymous", {"displayName": "Guest", "locale": "de", "metadata": {"a": 1}})["session"][
        "user"
    ]
    assert (user["isAnonymous"], user["roles"], user["defaultRole"]) == (True, ["anonymous"], "anonymous")
    assert (user["displayName"], user["locale"], user["metadata"]) == ("Guest", "en", {"a": 1})
    assert "email" not in user


def test_the_body_may_be_missing_although_json_was_announced(start: Start) -> None:
    api = start(AUTH_ANONYMOUS_USERS_ENABLED="true")
    response = api.post("/signin/anonymous", headers={"Content-Type": "application/json"})
    assert response.json()["session"]["user"]["displayName"] == "Anonymous User"


def test_it_is_off_by_default_and_closed_with_sign_up(start: Start) -> None:
    assert start().fails("/signin/anonymous", {}) == (409, "disabled-endpoint")
    closed = start(AUTH_ANONYMOUS_USERS_ENABLED="true", AUTH_DISABLE_SIGNUP="true")
    assert closed.fails("/signin/anonymous", {}) == (403, "signup-disabled")


def test_new_anonymous_users_may_start_disabled(start: Start) -> None:
    api = start(AUTH_ANONYMOUS_USERS_ENABLED="true", AUTH_DISABLE_NEW_USERS="true")
    assert api.fails("/signin/anonymous", {}) == (401, "disabled-user")


def test_an_anonymous_user_refreshes_but_has_no_profile(start: Start) -> None:
    """Verification is required here, and an anonymous user has no address to verify."""
    api = start(AUTH_ANONYMOUS_USERS_ENABLED="true", AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true")
    session = api.ok("/signin/anonymous", {})["session"]
    session = api.ok("/token", {"refreshToken": session["refreshToken"]})
    assert session["user"]["isAnonymous"] is True
    response = api.get("/user", headers=bearer(session["accessToken"]))
    assert (response.status_code, response.json()["error"]) == (403, "forbidden-anonymous")
