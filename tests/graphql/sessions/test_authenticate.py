from __future__ import annotations

import asyncio

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.sessions.authenticate import AnonymousError, Authenticator, Headers
from nself.graphql.sessions.session import Session

SECRET = {"x-hasura-admin-secret": "sésame"}


class Answers:
    """A mode that gives one session, or finds no credentials."""

    def __init__(self, session: Session | None = None) -> None:
        self.given = session

    async def session(self, headers: Headers, body: object) -> Session:
        if self.given is None:
            raise AnonymousError("invalid-headers", "no token")
        return self.given


def session(authenticator: Authenticator, headers: Headers) -> Session:
    return asyncio.run(authenticator.session(headers))


def refusal(authenticator: Authenticator, headers: Headers) -> tuple[str, int, str]:
    with pytest.raises(ApiError) as caught:
        session(authenticator, headers)
    return caught.value.code, caught.value.http_status, caught.value.message


GUARDED = Authenticator(admin_secret="sésame")


def test_without_a_secret_everybody_is_admin_or_whom_they_say() -> None:
    assert session(Authenticator(), {}).is_admin
    found = session(Authenticator(), {"x-hasura-role": "user", "x-hasura-user-id": "7", "accept": "*/*"})
    assert (found.role, found.trusted) == ("user", True)
    assert found.variables == {"x-hasura-role": "user", "x-hasura-user-id": "7"}


def test_the_secret_opens_every_role_and_is_no_session_variable() -> None:
    assert session(GUARDED, SECRET).is_admin
    found = session(GUARDED, {**SECRET, "x-hasura-role": "user"})
    assert found.role == "user"
    assert "x-hasura-admin-secret" not in found.variables


def test_the_older_name_of_the_secret_works() -> None:
    assert session(GUARDED, {"x-hasura-access-key": "sésame"}).is_admin


@pytest.mark.parametrize("wrong", ["", "sesame", "sésame ", "SÉSAME"])
def test_a_wrong_secret_is_refused(wrong: str) -> None:
    said = refusal(GUARDED, {"x-hasura-admin-secret": wrong})
    assert said == ("access-denied", 401, 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"')


def test_a_wrong_secret_is_refused_although_an_unauthorized_role_is_set() -> None:
    open_to_all = Authenticator(admin_secret="s", unauthorized_role="public")
    assert refusal(open_to_all, {"x-hasura-admin-secret": "x"})[0] == "access-denied"


def test_without_secret_and_role_nothing_is_allowed() -> None:
    message = "x-hasura-admin-secret/x-hasura-access-key required, but not found"
    assert refusal(GUARDED, {"x-hasura-role": "admin"}) == ("access-denied", 401, message)


def test_the_unauthorized_role_is_not_chosen_by_the_client_and_has_no_variables_of_it() -> None:
    open_to_all = Authenticator(admin_secret="s", unauthorized_role="public")
    found = session(open_to_all, {"x-hasura-role": "admin", "x-hasura-user-id": "1"})
    assert (found.role, dict(found.variables), found.trusted) == ("public", {"x-hasura-role": "public"}, False)


def test_a_mode_decides_when_there_is_no_secret() -> None:
    guarded = Authenticator(admin_secret="s", mode=Answers(Session(role="user")))
    assert session(guarded, {}).role == "user"
    assert session(guarded, {"x-hasura-admin-secret": "s"}).is_admin


def test_no_credentials_for_the_mode_means_the_unauthorized_role_if_there_is_one() -> None:
    assert refusal(Authenticator(admin_secret="s", mode=Answers()), {})[0] == "invalid-headers"
    assert session(Authenticator(admin_secret="s", unauthorized_role="public", mode=Answers()), {}).role == "public"


@pytest.mark.parametrize(
    ("text", "wanted"), [("true", True), ("T", True), ("Yes", True), ("n", False), ("False", False)]
)
def test_backend_only_permissions_are_asked_for_by_a_boolean_text(text: str, wanted: bool) -> None:
    found = session(Authenticator(), {"x-hasura-use-backend-only-permissions": text})
    assert found.backend_only is wanted


def test_another_text_for_backend_only_is_a_bad_request() -> None:
    assert refusal(Authenticator(), {"x-hasura-use-backend-only-permissions": "1"})[:2] == ("bad-request", 400)


def test_a_stranger_cannot_ask_for_backend_only_permissions() -> None:
    open_to_all = Authenticator(admin_secret="s", unauthorized_role="public")
    assert not session(open_to_all, {"x-hasura-use-backend-only-permissions": "true"}).backend_only
