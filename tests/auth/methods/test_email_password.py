from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from nself.auth.passwords import Passwords
from tests.auth.conftest import EMAIL, HOME, PASSWORD, Api, Execute, Inbox, Start, bearer


def test_sign_up_gives_a_session_with_the_user(api: Api) -> None:
    session = api.sign_up(displayName="Ada", metadata={"team": 7}, locale="xx")["session"]
    assert session["accessTokenExpiresIn"] == 900 and session["refreshToken"] != session["refreshTokenId"]
    user = session["user"]
    assert (user["email"], user["displayName"], user["metadata"], user["locale"]) == (EMAIL, "Ada", {"team": 7}, "en")
    assert (user["roles"], user["defaultRole"]) == (["user", "me"], "user")
    assert user["activeMfaType"] is None and user["isAnonymous"] is False and "phoneNumber" not in user
    assert user["avatarUrl"].startswith("https://www.gravatar.com/avatar/")


def test_without_a_name_the_address_is_shown(api: Api) -> None:
    assert api.session()["user"]["displayName"] == EMAIL


def test_sign_in_finds_the_user_whatever_the_case_of_the_address(api: Api) -> None:
    user = api.session()["user"]
    assert api.sign_in("ADA@Example.COM")["user"] == user


@pytest.mark.parametrize("email", ["%@example.com", "_da@example.com", "ada@example.co", "bda@example.com"])
def test_an_address_is_no_pattern(api: Api, email: str) -> None:
    api.sign_up()
    assert api.fails("/signin/email-password", {"email": email, "password": PASSWORD}) == (
        401,
        "invalid-email-password",
    )


def test_a_wrong_password_and_an_unknown_address_are_the_same_refusal(api: Api) -> None:
    api.sign_up()
    wrong = api.post("/signin/email-password", json={"email": EMAIL, "password": "incorrect horse"})
    unknown = api.post("/signin/email-password", json={"email": "eve@example.com", "password": PASSWORD})
    assert wrong.json() == unknown.json()


def test_an_unknown_address_costs_a_comparison_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    real = Passwords.matches

    async def counted(self: Passwords, password: str, hashed: str | None) -> bool:
        compared.append(hashed)
        return await real(self, password, hashed)

    monkeypatch.setattr(Passwords, "matches", counted)
    api.fails("/signin/email-password", {"email": "eve@example.com", "password": PASSWORD})
    assert compared == [None]


def test_a_second_sign_up_is_refused_in_any_case_of_letters(api: Api) -> None:
    api.sign_up()
    body = {"email": EMAIL.upper(), "password": PASSWORD}
    assert api.fails("/signup/email-password", body) == (409, "user-already-exists")


def test_of_two_sign_ups_at_once_one_wins(api: Api) -> None:
    body = {"email": EMAIL, "password": PASSWORD}
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: api.post("/signup/email-password", json=body).status_code, range(4)))
    assert statuses == [200, 409, 409, 409]


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"allowedRoles": ["admin"]}, "role-not-allowed"),
        ({"allowedRoles": ["me"]}, "default-role-must-be-in-allowed-roles"),
        ({"defaultRole": "admin"}, "default-role-must-be-in-allowed-roles"),
        ({"redirectTo": "https://evil.test"}, "redirectTo-not-allowed"),
        ({"displayName": "a\nBcc: eve@example.com"}, "invalid-request"),
        ({"displayName": "x" * 33}, "invalid-request"),
        ({"locale": "../"}, "invalid-request"),
        ({"isAdmin": True}, "invalid-request"),
    ],
)
def test_options_that_are_not_allowed_are_refused(api: Api, options: dict[str, object], refusal: str) -> None:
    body = {"email": EMAIL, "password": PASSWORD, "options": options}
    assert api.fails("/signup/email-password", body) == (400, refusal)


def test_names_of_all_scripts_are_welcome(api: Api) -> None:
    name = "Ada Łove-O'Łace €2, 王 हिन्दी"
    assert api.sign_up(displayName=name)["session"]["user"]["displayName"] == name


def test_asked_roles_are_granted_when_configured(start: Start) -> None:
    api = start(AUTH_USER_DEFAULT_ALLOWED_ROLES="me,editor")
    user = api.sign_up(allowedRoles=["editor", "user"], defaultRole="editor")["session"]["user"]
    assert (user["roles"], user["defaultRole"]) == (["editor", "user"], "editor")


@pytest.mark.parametrize(
    ("password", "refusal"), [("ab", "invalid-request"), ("abcde", "password-too-short"), ("é" * 37, "invalid-request")]
)
def test_passwords_have_a_least_and_a_greatest_length(start: Start, password: str, refusal: str) -> None:
    api = start(AUTH_PASSWORD_MIN_LENGTH="9")
    assert api.fails("/signup/email-password", {"email": EMAIL, "password": password}) == (400, refusal)


def test_all_72_bytes_of_a_password_count(api: Api) -> None:
    api.sign_up(password="é" * 36)
    api.sign_in(password="é" * 36)
    body = {"email": EMAIL, "password": "é" * 35 + "è"}
    assert api.fails("/signin/email-password", body) == (401, "invalid-email-password")


def test_sign_up_can_be_closed(start: Start) -> None:
    api = start(AUTH_DISABLE_SIGNUP="true")
    body = {"email": EMAIL, "password": PASSWORD}
    assert api.fails("/signup/email-password", body) == (403, "signup-disabled")


def test_new_users_may_start_disabled(start: Start) -> None:
    api = start(AUTH_DISABLE_NEW_USERS="true")
    body = {"email": EMAIL, "password": PASSWORD}
    assert api.fails("/signup/email-password", body) == (401, "disabled-user")
    assert api.fails("/signin/email-password", body) == (401, "disabled-user")


def test_a_blocked_address_learns_nothing(start: Start) -> None:
    api = start(AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS="example.com")
    body = {"email": EMAIL, "password": PASSWORD}
    assert api.fails("/signup/email-password", body) == (401, "invalid-email-password")


def test_concealed_errors_all_look_alike(start: Start) -> None:
    api = start(AUTH_CONCEAL_ERRORS="true")
    api.sign_up()
    body = {"email": EMAIL, "password": PASSWORD}
    assert api.fails("/signup/email-password", body) == (400, "invalid-request")
    assert api.fails("/signin/email-password", body | {"password": "wrong"}) == (400, "invalid-request")


def test_older_error_codes_come_back_by_switch(start: Start) -> None:
    api = start(AUTH_LEGACY_ERRORS="true")
    api.sign_up()
    assert api.fails("/signup/email-password", {"email": EMAIL, "password": PASSWORD}) == (409, "email-already-in-use")
    assert api.get("/user").status_code == 400


def test_sign_up_sends_a_verification_mail_and_no_session(mailing: Start, inbox: Inbox) -> None:
    api = mailing()
    assert api.sign_up(redirectTo=f"{HOME}/welcome") == {}
    assert inbox.recipients == [EMAIL]
    assert inbox.last()["X-Email-Template"] == "email-verify"
    assert inbox.last()["X-Redirect-To"] == f"{HOME}/welcome"
    body = {"email": EMAIL, "password": PASSWORD}
    assert api.fails("/signin/email-password", body) == (401, "unverified-user")


def test_a_dead_mail_server_is_told_and_the_user_can_ask_again(mailing: Start, inbox: Inbox) -> None:
    broken = mailing(AUTH_SMTP_PORT="1")
    body = {"email": EMAIL, "password": PASSWORD}
    response = broken.post("/signup/email-password", json=body)
    assert (response.status_code, response.json()["error"]) == (500, "internal-server-error")
    assert "127.0.0.1" not in response.text
    api = mailing()
    assert api.ok("/user/email/send-verification-email", {"email": EMAIL}) == "OK"
    assert inbox.recipients == [EMAIL]


def test_a_second_factor_is_asked_for_where_one_is_active(api: Api, execute: Execute) -> None:
    api.sign_up()
    execute("UPDATE auth.users SET active_mfa_type = 'totp'")
    reply = api.ok("/signin/email-password", {"email": EMAIL, "password": PASSWORD})
    assert reply.keys() == {"mfa"} and reply["mfa"]["ticket"].startswith("mfaTotp:")
    again = api.ok("/signin/email-password", {"email": EMAIL, "password": PASSWORD})
    assert again["mfa"]["ticket"] != reply["mfa"]["ticket"]


def test_a_hash_that_is_none_fits_no_password(api: Api, execute: Execute) -> None:
    api.sign_up()
    execute("UPDATE auth.users SET password_hash = 'correct horse'")
    body = {"email": EMAIL, "password": PASSWORD}
    assert api.fails("/signin/email-password", body) == (401, "invalid-email-password")


def test_the_stored_hash_is_bcrypt_as_pgcrypto_reads_it(api: Api, execute: Execute) -> None:
    token = api.session()["accessToken"]
    rows = execute("SELECT password_hash, public.crypt('correct horse', password_hash) AS again FROM auth.users")
    assert rows[0]["password_hash"] == rows[0]["again"] and rows[0]["again"].startswith("$2a$10$")
    assert api.get("/user", headers=bearer(token)).status_code == 200
