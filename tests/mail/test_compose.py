"""Messages that come as JSON instead of over SMTP."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.mail.conftest import Inbox

WHOLE = {
    "From": {"Email": "app@example.com", "Name": "Äpp, Inc"},
    "To": [{"Email": "ada@example.com", "Name": "Ada"}, {"Email": "b@example.com"}],
    "Cc": [{"Email": "cc@example.com"}],
    "Bcc": ["hidden@example.com"],
    "ReplyTo": [{"Email": "help@example.com"}],
    "Subject": "Grün",
    "Text": "the text",
    "HTML": "<p>the HTML</p><img src='cid:logo'>",
    "Attachments": [
        {
            "Content": base64.b64encode(b"png").decode(),
            "Filename": "a.png",
            "ContentType": "image/png",
            "ContentID": "logo",
        },
        {"Content": base64.b64encode(b"abc").decode(), "Filename": "b.bin"},
    ],
    "Headers": {"X-Campaign": "seven"},
}


def test_a_message_with_everything_arrives_whole(inbox: Inbox) -> None:
    answer = inbox.http.post("/api/v1/send", json=WHOLE)
    assert answer.status_code == 200
    message = inbox.get(f"/api/v1/message/{answer.json()['ID']}")
    assert message["From"] == {"Name": "Äpp, Inc", "Address": "app@example.com"}
    assert [entry["Address"] for entry in message["To"]] == ["ada@example.com", "b@example.com"]
    assert [entry["Address"] for entry in message["Bcc"]] == ["hidden@example.com"]
    assert (message["Subject"], message["Text"].strip()) == ("Grün", "the text")
    assert [part["ContentID"] for part in message["Inline"]] == ["logo"]
    assert [(part["FileName"], part["Size"]) for part in message["Attachments"]] == [("b.bin", 3)]
    assert inbox.get("/api/v1/message/latest/headers")["X-Campaign"] == ["seven"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"From": "text"},
        {"From": {"Email": "not an address"}},
        {"From": {"Email": "a@b.c\r\nBcc: d@e.f"}},
        {"From": {"Email": "a@b.c"}, "Subject": "two\r\nlines"},
        {"From": {"Email": "a@b.c"}, "Headers": {"X-A": "two\nlines"}},
        {"From": {"Email": "a@b.c"}, "Headers": {"Subject": "again"}},
        {"From": {"Email": "a@b.c"}, "Attachments": [{"Content": "!!!", "Filename": "x"}]},
    ],
)
def test_what_makes_no_message_is_refused(inbox: Inbox, body: Any) -> None:
    answer = inbox.http.post("/api/v1/send", json=body)
    assert answer.status_code == 400
    assert answer.json()["Error"]
    assert inbox.get("/api/v1/messages")["total"] == 0
