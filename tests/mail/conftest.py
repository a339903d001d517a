"""A running inbox on a database of its own, and mail to put into it."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from typing import Any

import httpx
import pytest

from nself.mail.app import create
from nself.mail.settings import MailSettings
from tests.cluster import Cluster, free_port
from tests.storage.hosting import hosted


@dataclass
class Inbox:
    """The HTTP side as a client, the SMTP side as a port."""

    http: httpx.Client
    smtp_port: int

    def smtp(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=90)

    def send(
        self, message: EmailMessage | bytes, *, sender: str = "app@example.com", to: str | list[str] = "ada@example.com"
    ) -> None:
        raw = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP)
        with self.smtp() as client:
            client.sendmail(sender, to, raw, mail_options=["SMTPUTF8", "BODY=8BITMIME"])

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def latest(self) -> Any:
        return self.get("/api/v1/message/latest")


Running = Callable[..., AbstractContextManager[Inbox]]


@contextmanager
def inbox_on(dsn: str, **settings: Any) -> Iterator[Inbox]:
    """An inbox over this database while the block runs."""
    port = free_port()
    app = create(MailSettings(database_url=dsn, smtp_port=port, **settings), {})
    with hosted(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=90) as client:
        yield Inbox(client, port)


@pytest.fixture
def running(dsn: str) -> Running:
    """A factory: the inbox with these settings, over the test's database, while the block runs."""
    return partial(inbox_on, dsn)


@pytest.fixture(scope="module")
def module_inbox(cluster: Cluster) -> Iterator[Inbox]:
    """An inbox that the tests of a module share."""
    with cluster.database() as dsn, inbox_on(dsn) as inbox:
        yield inbox


@pytest.fixture
def inbox(module_inbox: Inbox) -> Inbox:
    """An empty inbox."""
    module_inbox.http.delete("/api/v1/messages").raise_for_status()
    return module_inbox


def letter(**headers: str) -> EmailMessage:
    """A small message; give `From`, `To`, `Subject` or a `body` to change them."""
    body = headers.pop("body", "Your code is 4711.\n")
    message = EmailMessage()
    for name, value in {"From": "App <app@example.com>", "To": "Ada <ada@example.com>", "Subject": "Welcome"}.items():
        message[name] = headers.pop(name, value)
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message
