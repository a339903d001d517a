"""The server against the API description that the clients' own types come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from nself.auth import bodies
from nself.auth.app import App
from tests.auth.conftest import EMAIL, Start, bearer, settings_of

NOT_YET = {"codeChallenge"}
"""Properties of a body that belong to flows this server does not offer yet, and therefore refuses."""


@pytest.fixture(scope="session")
def described(shared: Path) -> Any:
    return yaml.load((shared / "spec/openapi/nhost-auth.yaml").read_text(), yaml.CSafeLoader)


def test_every_endpoint_is_described(described: Any) -> None:
    ours = {
        (path, method.lower())
        for route in App(settings_of(AUTH_API_PREFIX=""), {}).router.routes
        for path, methods in [(route.path, route.methods)]  # type: ignore[attr-defined]
        for method in methods - {"HEAD"}
    }
    assert ours <= {(path, method) for path, methods in described["paths"].items() for method in methods}


@pytest.mark.parametrize(
    ("body", "schema"),
    [
        (bodies.SignUpOptions, "SignUpOptions"),
        (bodies.RedirectOptions, "OptionsRedirectTo"),
        (bodies.EmailPassword, "SignInEmailPasswordRequest"),
        (bodies.EmailPasswordSignUp, "SignUpEmailPasswordRequest"),
        (bodies.Anonymous, "SignInAnonymousRequest"),
        (bodies.Refresh, "RefreshTokenRequest"),
        (bodies.Verify, "VerifyTokenRequest"),
        (bodies.SignOut, "SignOutRequest"),
        (bodies.NewPassword, "UserPasswordRequest"),
        (bodies.EmailOnly, "UserPasswordResetRequest"),
        (bodies.EmailOnly, "UserEmailSendVerificationEmailRequest"),
        (bodies.NewEmail, "UserEmailChangeRequest"),
    ],
)
def test_bodies_have_the_described_properties(described: Any, body: type[msgspec.Struct], schema: str) -> None:
    expected = described["components"]["schemas"][schema]
    fields = msgspec.structs.fields(body)
    assert {field.encode_name for field in fields} == expected["properties"].keys() - NOT_YET
    assert {field.encode_name for field in fields if field.required} == set(expected.get("required", []))


def test_sessions_and_users_are_as_described(described: Any, start: Start) -> None:
    api = start(AUTH_ANONYMOUS_USERS_ENABLED="true")
    session = api.sign_up(metadata={"a": 1})["session"]
    for value in (session, api.sign_in(), api.ok("/token", {"refreshToken": session["refreshToken"]})):
        fits(described, "Session", value)
    fits(described, "User", api.get("/user", headers=bearer(session["accessToken"])).json())
    fits(described, "SessionPayload", api.ok("/signin/anonymous", {"metadata": {}}))


def test_refusals_are_as_described(described: Any, start: Start) -> None:
    api = start()
    body = {"email": EMAIL, "password": "wrong"}
    fits(described, "ErrorResponse", api.post("/signin/email-password", json=body).json())


def fits(described: Any, name: str, value: Any) -> None:
    """OpenAPI 3.0 says `nullable` where JSON Schema says `type: null`."""
    schemas = {key: nullable(schema) for key, schema in described["components"]["schemas"].items()}
    document = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    jsonschema.validate(value, document, format_checker=jsonschema.FormatChecker())


def nullable(schema: Any) -> Any:
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: nullable(item) for key, item in schema.items()}
    return plain | {"type": [plain["type"], "null"]} if plain.pop("nullable", False) is True else plain
