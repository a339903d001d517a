from __future__ import annotations

import asyncio
import json

import pytest
from starlette.requests import Request
from starlette.types import Message

from nself.auth.bodies import EmailPassword, read
from nself.auth.errors import InvalidBodyError
from tests.auth.conftest import EMAIL, PASSWORD, Api

JSON = {"Content-Type": "application/json"}
GOOD = {"email": EMAIL, "password": PASSWORD}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        b'"x"',
        b"{",
        b"{}",
        b"\xff\xfe",
        b'{"email": "\xff"}',
        b'{"email": "\\ud800@example.com", "password": "secret"}',
        json.dumps({"email": EMAIL}).encode(),
        json.dumps(GOOD | {"password": 12345}).encode(),
        json.dumps(GOOD | {"password": "se\0cret"}).encode(),
        json.dumps(GOOD | {"extra": 1}).encode(),
        json.dumps(GOOD | {"options": []}).encode(),
        json.dumps(GOOD | {"options": {"metadata": [1]}}).encode(),
        json.dumps(GOOD | {"options": {"metadata": {"a\0": 1}}}).encode(),
        json.dumps(GOOD | {"options": {"metadata": {"a": ["\0"]}}}).encode(),
        b'{"email": "ada@example.com", "password": "secret", "options": {"metadata": {"n": 1e999}}}',
        b'{"email": "ada@example.com", "password": "secret", "options": {"metadata": {"n": '
        + b"[" * 500
        + b"]" * 500
        + b"}}}",
        b"[" * 100_000,
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(api: Api, raw: bytes) -> None:
    response = api.post("/signup/email-password", content=raw, headers=JSON)
    error = response.json()
    assert (response.status_code, error["error"]) == (400, "invalid-request")
    assert error["reason"] and "secret" not in error["reason"]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example..com",
        "ada@-example.com",
        "a b@example.com",
        "ada@example.com\n",
        "ada@example.com\r\nBcc: eve@evil.test",
        "Ada <ada@example.com>",
        "ada@example.com,eve@evil.test",
        "ädä@example.com",
        "a" * 250 + "@example.com",
        "a@" + "a" * 64 + ".com",
    ],
)
def test_what_is_no_address_is_refused(api: Api, email: str) -> None:
    assert api.fails("/signup/email-password", GOOD | {"email": email}) == (400, "invalid-request")


@pytest.mark.parametrize("email", ["a..b@example.com", ".a@localhost", "o'hara+tag@sub.example.co.uk", "%s_`{|}@x.y"])
def test_what_the_html_standard_takes_for_an_address_is_one(api: Api, email: str) -> None:
    assert api.sign_up(email)["session"]["user"]["email"] == email
    assert api.sign_in(email)["user"]["email"] == email


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_only_json_is_read(api: Api, kind: str) -> None:
    response = api.post("/signup/email-password", content=json.dumps(GOOD), headers={"Content-Type": kind})
    assert (response.status_code, response.json()["reason"]) == (400, "the content type must be application/json")


def test_a_charset_does_not_matter_nor_a_missing_type(api: Api) -> None:
    content = json.dumps(GOOD)
    typed = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert api.post("/signup/email-password", content=content, headers=typed).status_code == 200
    assert api.post("/signin/email-password", content=content).status_code == 200


def test_a_body_beyond_a_megabyte_is_not_read(api: Api) -> None:
    body = GOOD | {"options": {"metadata": {"a": "x" * 1024 * 1024}}}
    assert api.fails("/signup/email-password", body) == (413, "invalid-request")


def test_a_large_body_within_the_limit_is_kept(api: Api) -> None:
    metadata = {"a": "x" * 900_000, "n": 123456789012345678901234567890, "deep": [[[{"é": None}]]]}
    assert api.sign_up(metadata=metadata)["session"]["user"]["metadata"] == metadata


def test_a_client_that_goes_away_is_no_fault_of_ours() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    with pytest.raises(InvalidBodyError, match="broke off"):
        asyncio.run(read(request, EmailPassword))


def test_null_is_the_same_as_absent(api: Api) -> None:
    body = GOOD | {"options": {"displayName": None, "metadata": None, "allowedRoles": None}}
    assert api.ok("/signup/email-password", body)["session"]["user"]["displayName"] == EMAIL
