from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.auth.conftest import EMAIL, PASSWORD, Api, Execute, Start, bearer

OLD = (401, "invalid-refresh-token")


def test_a_refresh_gives_a_bare_session_of_the_same_row(api: Api) -> None:
    session = api.session()
    fresh = api.ok("/token", {"refreshToken": session["refreshToken"]})
    assert fresh["refreshTokenId"] == session["refreshTokenId"] and fresh["refreshToken"] != session["refreshToken"]
    assert fresh["user"] == session["user"]
    assert api.get("/user", headers=bearer(fresh["accessToken"])).json() == session["user"]


def test_a_token_is_stored_as_its_hash_only(api: Api, execute: Execute) -> None:
    token = api.session()["refreshToken"]
    row = execute(
        f"SELECT refresh_token_hash = public.digest('{token}', 'sha256')::text AS hashed, to_jsonb(t)::text AS row"
        " FROM auth.refresh_tokens t"
    )[0]
    assert row["hashed"] and token not in row["row"]


def test_a_replaced_token_is_dead(api: Api) -> None:
    old = api.session()["refreshToken"]
    new = api.ok("/token", {"refreshToken": old})["refreshToken"]
    assert api.fails("/token", {"refreshToken": old}) == OLD
    api.ok("/token", {"refreshToken": new})


@pytest.mark.parametrize("grace", ["0", "10"])
def test_of_refreshes_at_once_with_one_token_one_wins_and_grace_lets_one_more_in(start: Start, grace: str) -> None:
    api = start(AUTH_REFRESH_TOKEN_GRACE=grace)
    body = {"refreshToken": api.session()["refreshToken"]}
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda _: api.post("/token", json=body).status_code, range(8)))
    winners = 1 if grace == "0" else 2
    assert statuses == [200] * winners + [401] * (8 - winners)


def test_after_a_lost_reply_grace_accepts_the_old_token_once_more(start: Start) -> None:
    api = start(AUTH_REFRESH_TOKEN_GRACE="60")
    old = api.session()["refreshToken"]
    lost = api.ok("/token", {"refreshToken": old})["refreshToken"]
    again = api.ok("/token", {"refreshToken": old})
    assert api.fails("/token", {"refreshToken": old}) == OLD
    assert again["refreshToken"] not in {old, lost}
    api.ok("/token", {"refreshToken": again["refreshToken"]})


def test_grace_ends(start: Start, execute: Execute) -> None:
    api = start(AUTH_REFRESH_TOKEN_GRACE="60")
    old = api.session()["refreshToken"]
    api.ok("/token", {"refreshToken": old})
    execute("UPDATE nself_auth.refresh_token_grace SET rotated_at = now() - interval '61 seconds'")
    assert api.fails("/token", {"refreshToken": old}) == OLD


def test_an_expired_token_is_refused(api: Api, execute: Execute) -> None:
    token = api.session()["refreshToken"]
    execute("UPDATE auth.refresh_tokens SET expires_at = now()")
    assert api.fails("/token", {"refreshToken": token}) == OLD


def test_a_personal_access_token_is_no_refresh_token(api: Api, execute: Execute) -> None:
    token = api.session()["refreshToken"]
    execute("UPDATE auth.refresh_tokens SET type = 'pat'")
    assert api.fails("/token", {"refreshToken": token}) == OLD


def test_a_user_disabled_meanwhile_is_out(api: Api, execute: Execute) -> None:
    session = api.session()
    execute("UPDATE auth.users SET disabled = true")
    assert api.fails("/token", {"refreshToken": session["refreshToken"]}) == (401, "disabled-user")
    assert api.get("/user", headers=bearer(session["accessToken"])).json()["error"] == "disabled-user"
    execute("UPDATE auth.users SET disabled = false")
    api.ok("/token", {"refreshToken": session["refreshToken"]})


def test_a_user_deleted_meanwhile_has_no_session(api: Api, execute: Execute) -> None:
    session = api.session()
    execute("DELETE FROM auth.users")
    assert api.fails("/token", {"refreshToken": session["refreshToken"]}) == OLD
    assert api.get("/user", headers=bearer(session["accessToken"])).status_code == 401


@pytest.mark.parametrize("token", ["", "abc", "00000000-0000-0000-0000-00000000000g", 5, None, ["x"]])
def test_what_is_no_token_is_a_bad_request(api: Api, token: object) -> None:
    assert api.fails("/token", {"refreshToken": token}) == (400, "invalid-request")


def test_last_seen_moves_with_each_session(api: Api, execute: Execute) -> None:
    token = api.session()["refreshToken"]
    execute("UPDATE auth.users SET last_seen = NULL")
    api.ok("/token", {"refreshToken": token})
    assert execute("SELECT last_seen FROM auth.users")[0]["last_seen"] is not None


def test_verify_looks_at_the_token_given_or_at_the_caller_s_own(api: Api) -> None:
    token = api.session()["accessToken"]
    assert api.ok("/token/verify", {"token": token}) == "OK"
    assert api.ok("/token/verify", {}, token) == "OK"
    assert api.post("/token/verify", headers=bearer(token)).json() == "OK"
    assert api.fails("/token/verify", {"token": token + "x"}) == (400, "invalid-request")
    assert api.fails("/token/verify", {}) == (401, "unauthorized")


def test_sign_out_ends_the_session_given(api: Api) -> None:
    first, second = api.session(), api.sign_in()
    assert api.ok("/signout", {"refreshToken": first["refreshToken"], "extra": 1}, first["accessToken"]) == "OK"
    assert api.fails("/token", {"refreshToken": first["refreshToken"]}) == OLD
    api.ok("/token", {"refreshToken": second["refreshToken"]})


def test_sign_out_everywhere_ends_all_but_personal_access_tokens(api: Api, execute: Execute) -> None:
    first, second, other = api.session(), api.sign_in(), api.session("eve@example.com")
    execute(
        "INSERT INTO auth.refresh_tokens (user_id, expires_at, type, refresh_token_hash)"
        f" VALUES ('{first['user']['id']}', now() + interval '1 day', 'pat', 'x')"
    )
    assert api.fails("/signout", {"all": True}) == (401, "unauthorized")
    api.ok("/signout", {"all": True}, first["accessToken"])
    assert api.fails("/token", {"refreshToken": second["refreshToken"]}) == OLD
    api.ok("/token", {"refreshToken": other["refreshToken"]})
    assert len(execute("SELECT 1 FROM auth.refresh_tokens WHERE type = 'pat'")) == 1


def test_sign_out_of_nothing(api: Api) -> None:
    assert api.ok("/signout", {"refreshToken": "unknown"}) == "OK"
    assert api.fails("/signout", {}) == (400, "invalid-request")
    token = api.session()["refreshToken"]
    assert api.fails("/signout", {"refreshToken": token}, "forged") == (401, "unauthorized")


def test_a_blocked_address_keeps_its_session_but_gets_no_new_one(start: Start) -> None:
    session = start().session()
    api = start(AUTH_ACCESS_CONTROL_BLOCKED_EMAILS=EMAIL)
    api.ok("/token", {"refreshToken": session["refreshToken"]})
    body = {"email": EMAIL, "password": PASSWORD}
    assert api.fails("/signin/email-password", body) == (401, "invalid-email-password")
