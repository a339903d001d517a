"""A running auth server on a database of its own, and an inbox that real mail arrives in."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from nself.auth import schema
from nself.auth.app import create
from nself.auth.settings import AuthSettings
from nself.settings import from_env
from nself.web.server import Peers
from tests.auth.running import Running
from tests.cluster import Cluster, free_port

SECRET = json.dumps({"type": "HS256", "key": "0123456789abcdef0123456789abcdef"})
HOME = "https://app.example.com"
EMAIL, PASSWORD = "ada@example.com", "correct horse"

Start = Callable[..., "Api"]


def settings_of(**variables: str) -> AuthSettings:
    """Settings from variables, with the required ones filled in."""
    base = {"HASURA_GRAPHQL_DATABASE_URL": "postgresql://nowhere/none", "HASURA_GRAPHQL_JWT_SECRET": SECRET}
    return from_env(AuthSettings, base | {"AUTH_CLIENT_URL": HOME} | variables)


class Api(Running):
    """The server through its HTTP surface, with the steps most tests begin with."""

    def sign_up(self, email: str = EMAIL, password: str = PASSWORD, **options: Any) -> dict[str, Any]:
        body: dict[str, Any] = {"email": email, "password": password} | ({"options": options} if options else {})
        reply: dict[str, Any] = self.ok("/signup/email-password", body)
        return reply

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> dict[str, Any]:
        session: dict[str, Any] = self.ok("/signin/email-password", {"email": email, "password": password})["session"]
        return session

    def session(self, email: str = EMAIL) -> dict[str, Any]:
        """A new user's session."""
        session: dict[str, Any] = self.sign_up(email)["session"]
        return session

    def ok(self, path: str, body: Any, token: str | None = None) -> Any:
        response = self.post(path, json=body, headers=bearer(token))
        assert response.status_code == 200, response.text
        return response.json()

    def fails(self, path: str, body: Any, token: str | None = None) -> tuple[int, str]:
        """Status and code of a refusal, whose body has the promised form."""
        response = self.post(path, json=body, headers=bearer(token))
        error = response.json()
        assert error["status"] == response.status_code and error["message"], response.text
        return response.status_code, error["error"]


def bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


@pytest.fixture(scope="session")
def auth_database(cluster: Cluster) -> str:
    cluster.run("postgres", "CREATE DATABASE auth")
    asyncio.run(schema.ensure(settings_of(HASURA_GRAPHQL_DATABASE_URL=cluster.dsn("auth"))))
    return "auth"


@pytest.fixture
def auth_dsn(cluster: Cluster, auth_database: str) -> str:
    """The database as a first start leaves it: emptied rather than created anew, which takes many times as long."""
    cluster.run(
        auth_database,
        "TRUNCATE auth.users, auth.roles, nself_auth.rate_limits CASCADE;"
        "INSERT INTO auth.roles (role) VALUES ('user'), ('anonymous'), ('me')",
    )
    return cluster.dsn(auth_database)


Execute = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def execute(auth_dsn: str) -> Execute:
    """Runs SQL on this test's database, as a project's own tools would."""

    def run(sql: str) -> list[dict[str, Any]]:
        async def go() -> list[dict[str, Any]]:
            connection = await asyncpg.connect(auth_dsn)
            try:
                return [dict(row) for row in await connection.fetch(sql)]
            finally:
                await connection.close()

        return asyncio.run(go())

    return run


@pytest.fixture
def start(auth_dsn: str) -> Iterator[Start]:
    """Starts servers on this test's database; verification is off unless a test asks for it."""
    with ExitStack() as stack:

        def started(*, peers: Peers | None = None, client: tuple[str, int] = ("127.0.0.1", 5), **variables: str) -> Api:
            base = {"HASURA_GRAPHQL_DATABASE_URL": auth_dsn, "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "false"}
            app = create(settings_of(**(base | variables)), peers or {})
            return stack.enter_context(Api(app, base_url="http://auth/v1", client=client))

        yield started


@pytest.fixture
def api(start: Start) -> Api:
    return start()


class Inbox:
    """A mail server that keeps what it is given."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    def last(self) -> EmailMessage:
        return self.messages[-1]

    def wait_for(self, count: int) -> None:
        """Mails that are sent after the answer take a moment."""
        deadline = time.monotonic() + 90
        while len(self.messages) < count:
            assert time.monotonic() < deadline, "the mail did not arrive"
            time.sleep(0.01)

    def link(self) -> str:
        """The path and query of the last mail's link, as its reader's browser would ask for it."""
        parts = urlsplit(self.last()["X-Link"])
        return f"{parts.path.removeprefix('/v1')}?{parts.query}"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox(free_port())
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port)
    controller.start()
    yield inbox
    controller.stop()


@pytest.fixture
def mailing(start: Start, inbox: Inbox) -> Start:
    """Starts servers that require verification and deliver to the inbox."""

    def started(**variables: str) -> Api:
        base = {"AUTH_SMTP_HOST": "127.0.0.1", "AUTH_SMTP_PORT": str(inbox.port)}
        base |= {"AUTH_SMTP_SENDER": "Auth <auth@example.com>", "AUTH_SERVER_URL": "https://auth.example.com/v1"}
        return start(**(base | {"AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true"} | variables))

    return started


def redirect(response: Any) -> tuple[str, dict[str, str]]:
    """Where a 302 leads: the address without its query, and the query."""
    assert response.status_code == 302, response.text
    target, _, query = response.headers["location"].partition("?")
    return target, {name: values[0] for name, values in parse_qs(query).items()}
