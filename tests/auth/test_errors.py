from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from starlette.requests import Request

from nself.auth.errors import CONCEALED, TABLE, AuthError, Code, InvalidBodyError, UnauthorizedError, renderer
from nself.errors import NetworkError, NselfError
from nself.web.errors import HttpError, UnexpectedError
from tests.auth.conftest import settings_of

REQUEST = Request({"type": "http", "method": "GET", "path": "/x", "headers": []})


def rendered(error: NselfError, **variables: str) -> tuple[int, dict[str, Any]]:
    response = renderer(settings_of(**variables))(REQUEST, error)
    body: dict[str, Any] = json.loads(bytes(response.body))
    assert response.headers["cache-control"] == "no-store"
    return response.status_code, body


def test_every_code_has_its_row() -> None:
    assert TABLE.keys() == set(Code)


@pytest.mark.parametrize("code", Code)
def test_each_code_reads_as_promised_or_is_concealed(code: Code) -> None:
    status, message = TABLE[code]
    plain = (status, {"status": status, "message": message, "error": code})
    hidden = (400, {"status": 400, "message": "The request payload is incorrect", "error": "invalid-request"})
    assert rendered(AuthError(code)) == plain
    assert rendered(AuthError(code), AUTH_CONCEAL_ERRORS="true") == (hidden if code in CONCEALED else plain)


def test_a_wrong_form_says_where() -> None:
    status, body = rendered(InvalidBodyError("`email` is missing"))
    assert (status, body["error"], body["reason"]) == (400, "invalid-request", "`email` is missing")


def test_a_missing_token_names_the_scheme() -> None:
    status, body = rendered(UnauthorizedError("why"))
    assert (status, body["error"], body["reason"], body["securityScheme"]) == (401, "unauthorized", "why", "BearerAuth")
    assert rendered(UnauthorizedError("why"), AUTH_LEGACY_ERRORS="true")[0] == 400


def test_paths_and_methods_that_are_not_there() -> None:
    assert rendered(HttpError(404, "Not Found"))[1]["error"] == "not-found"
    assert rendered(HttpError(405, "Method Not Allowed"))[0] == 405


def test_the_unforeseen_shows_its_id_and_failing_neighbours_only_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert rendered(UnexpectedError("abc123"))[1]["reason"] == "internal error abc123"
    with caplog.at_level(logging.ERROR):
        status, body = rendered(NetworkError("smtp.internal refused ada@example.com"))
    assert (status, body) == (
        500,
        {"status": 500, "message": "Internal server error", "error": "internal-server-error"},
    )
    assert caplog.messages == ["GET /x: smtp.internal refused ada@example.com"]
