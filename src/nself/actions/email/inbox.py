"""What the development inbox holds, asked through its API as its page does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nself.actions.door import Door, open_door
from nself.errors import NetworkError
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.services import mail

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    id: str
    sender: str
    to: tuple[str, ...]
    subject: str
    created: datetime
    read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """`mails` are the newest, the newest first."""

    url: str
    total: int
    unread: int
    mails: tuple[Mail, ...]


def inbox(project: Project, host: LocalHost, environ: Mapping[str, str], *, limit: int = 10) -> Inbox:
    door = open_door(project, host, environ)
    with door.client() as client:
        told = _asked(door, client, "/api/v1/messages", limit=str(limit))
    return Inbox(
        url=door.url(mail.NAME),
        total=told["total"],
        unread=told["unread"],
        mails=tuple(_mail(each) for each in told["messages"]),
    )


def search(door: Door, client: httpx.Client, query: str) -> int:
    """How many mails a search finds."""
    return len(_asked(door, client, "/api/v1/search", query=query)["messages"])


def _asked(door: Door, client: httpx.Client, path: str, **parameters: str) -> Any:
    answer = door.request(client, mail.NAME, "GET", path, params=parameters)
    if answer.status_code != 200:
        raise NetworkError(
            f"the inbox answered {answer.status_code} to {path}", fixes=["nself status mail", "nself start"]
        )
    return answer.json()


def _mail(found: Mapping[str, Any]) -> Mail:
    return Mail(
        id=found["ID"],
        sender=(found["From"] or {}).get("Address", ""),
        to=tuple(each["Address"] for each in found["To"] or ()),
        subject=found["Subject"],
        created=datetime.fromisoformat(found["Created"]),
        read=found["Read"],
    )
