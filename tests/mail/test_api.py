"""The JSON API: Mailpit's paths, parameters and shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster import Cluster
from tests.mail.conftest import Inbox, Running, inbox_on, letter


def fill(inbox: Inbox) -> Inbox:
    """Three messages: an invoice with a file, a welcome to Ada, a reset in German."""
    invoice = letter(
        Subject="Invoice 7", From="billing@shop.example", To="Grace <grace@example.com>", body="Total: 12 %\n"
    )
    invoice.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="invoice.pdf")
    inbox.send(invoice, to=["grace@example.com", "hidden@example.com"])
    inbox.send(letter(Subject="Welcome", Cc="Alan <alan@example.com>", Reply_To="help@example.com"))
    inbox.send(letter(Subject="Passwort ändern", To="Jürgen <j@example.com>", body="Ihr Code: 4711\n"))
    return inbox


@pytest.fixture
def filled(inbox: Inbox) -> Inbox:
    """The three messages, for a test that changes them."""
    return fill(inbox)


@pytest.fixture(scope="module")
def archive(cluster: Cluster) -> Iterator[Inbox]:
    """The three messages, for tests that only look."""
    with cluster.database() as dsn, inbox_on(dsn) as inbox:
        yield fill(inbox)


def subjects(found: Any) -> list[str]:
    return [message["Subject"] for message in found["messages"]]


def test_pages_are_counted_from_the_newest(archive: Inbox) -> None:
    page = archive.get("/api/v1/messages", start=1, limit=1)
    assert subjects(page) == ["Welcome"]
    assert {key: page[key] for key in ("total", "unread", "count", "messages_count", "start", "tags")} == {
        "total": 3, "unread": 3, "count": 1, "messages_count": 3, "start": 1, "tags": [],
    }  # fmt: skip
    assert archive.get("/api/v1/messages", start=99)["messages"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("welcome", ["Welcome"]),
        ("4711", ["Passwort ändern", "Welcome"]),
        ("CODE 4711", ["Passwort ändern", "Welcome"]),
        ("ÄNDERN", ["Passwort ändern"]),
        ('"your code is"', ["Welcome"]),
        ('subject:"Invoice 7"', ["Invoice 7"]),
        ("from:billing", ["Invoice 7"]),
        ("to:jürgen", ["Passwort ändern"]),
        ("to:alan", []),
        ("cc:alan", ["Welcome"]),
        ("bcc:hidden", ["Invoice 7"]),
        ("reply-to:help", ["Welcome"]),
        ("addressed:alan", ["Welcome"]),
        ("has:attachment", ["Invoice 7"]),
        ("-has:attachment !subject:welcome", ["Passwort ändern"]),
        ("is:read", []),
        ("is:unread to:grace", ["Invoice 7"]),
        ("larger:100k", []),
        ("smaller:1M -invoice -welcome", ["Passwort ändern"]),
        ("after:2020-01-01 before:2999-01-01T00:00:00Z from:billing", ["Invoice 7"]),
        ("before:2020-01-01", []),
        ("12 %", ["Invoice 7"]),
        ("%", ["Invoice 7"]),
        ("_", []),
        ("'; DROP TABLE mail.messages; --", []),
        ("https://example.com", []),
        ("a\0b", []),
        ("", ["Passwort ändern", "Welcome", "Invoice 7"]),
    ],
)
def test_a_search_finds(archive: Inbox, query: str, found: list[str]) -> None:
    page = archive.get("/api/v1/search", query=query)
    assert subjects(page) == found
    assert (page["messages_count"], page["total"]) == (len(found), 3)


@pytest.mark.parametrize("query", ["is:blue", "before:yesterday", "larger:big", " ".join("abcdefghijklmnopqrstuvwxyz")])
def test_a_search_that_makes_no_sense_is_refused(archive: Inbox, query: str) -> None:
    answer = archive.http.get("/api/v1/search", params={"query": query})
    assert answer.status_code == 400
    assert answer.text


def test_a_message_has_everything_that_was_sent(filled: Inbox) -> None:
    [summary] = filled.get("/api/v1/search", query="invoice")["messages"]
    message = filled.get(f"/api/v1/message/{summary['ID']}")
    assert message["From"] == {"Name": "", "Address": "billing@shop.example"}
    assert message["Text"].strip() == "Total: 12 %"
    assert message["HTML"] == ""
    [attachment] = message["Attachments"]
    assert (attachment["FileName"], attachment["ContentType"], attachment["Size"]) == (
        "invoice.pdf",
        "application/pdf",
        4,
    )
    part = filled.http.get(f"/api/v1/message/{summary['ID']}/part/{attachment['PartID']}")
    assert (part.content, part.headers["content-type"]) == (b"%PDF", "application/pdf")
    headers = filled.get(f"/api/v1/message/{summary['ID']}/headers")
    assert headers["Subject"] == ["Invoice 7"]
    raw = filled.http.get(f"/api/v1/message/{summary['ID']}/raw")
    assert raw.headers["content-type"] == "text/plain; charset=utf-8"
    assert b"Content-Disposition: attachment" in raw.content
    assert filled.http.get(f"/view/{summary['ID']}.txt").text.strip() == "Total: 12 %"


@pytest.mark.parametrize("path", ["message/nope", "message/nope/raw", "message/nope/headers", "message/latest/part/99"])
def test_what_is_not_there_is_not_found(archive: Inbox, path: str) -> None:
    assert archive.http.get(f"/api/v1/{path}").status_code == 404


def test_latest_of_an_empty_inbox_is_not_found(inbox: Inbox) -> None:
    assert inbox.http.get("/api/v1/message/latest").status_code == 404
    assert inbox.http.get("/view/latest.html").status_code == 404


def test_messages_are_marked_read_and_unread(filled: Inbox) -> None:
    ids = [message["ID"] for message in filled.get("/api/v1/messages")["messages"]]
    filled.http.put("/api/v1/messages", json={"IDs": ids[:1], "Read": True})
    assert filled.get("/api/v1/messages")["unread"] == 2
    filled.http.put("/api/v1/messages", json={"Search": "invoice", "Read": True})
    assert filled.get("/api/v1/messages")["unread"] == 1
    filled.http.put("/api/v1/messages", json={"Read": True})
    assert filled.get("/api/v1/messages")["unread"] == 0
    filled.http.put("/api/v1/messages", json={"IDs": ids, "Read": False})
    assert filled.get("/api/v1/messages")["unread"] == 3


def test_messages_are_deleted_by_id_by_search_and_all(filled: Inbox) -> None:
    [invoice] = filled.get("/api/v1/search", query="invoice")["messages"]
    filled.http.request("DELETE", "/api/v1/messages", json={"IDs": [invoice["ID"]]})
    assert subjects(filled.get("/api/v1/messages")) == ["Passwort ändern", "Welcome"]
    assert filled.http.delete("/api/v1/search", params={"query": "welcome"}).text == "ok"
    assert subjects(filled.get("/api/v1/messages")) == ["Passwort ändern"]
    assert filled.http.delete("/api/v1/messages").text == "ok"
    assert filled.get("/api/v1/messages")["total"] == 0


def test_an_empty_search_deletes_nothing(archive: Inbox) -> None:
    assert archive.http.delete("/api/v1/search", params={"query": " "}).status_code == 400
    assert archive.get("/api/v1/messages")["total"] == 3


@pytest.mark.parametrize("body", ["{", "[]", '{"IDs": "x"}', '{"IDs": [1]}', '{"Read": "yes"}'])
def test_a_malformed_body_changes_nothing(archive: Inbox, body: str) -> None:
    for method in ("PUT", "DELETE"):
        if not (method == "DELETE" and "Read" in body):
            assert archive.http.request(method, "/api/v1/messages", content=body).status_code == 400
    assert (archive.get("/api/v1/messages")["total"], archive.get("/api/v1/messages")["unread"]) == (3, 3)


@pytest.mark.parametrize("parameters", [{"start": "-1"}, {"limit": "x"}, {"start": "9" * 30}, {"limit": "²"}])
def test_malformed_paging_is_refused(archive: Inbox, parameters: dict[str, str]) -> None:
    assert archive.http.get("/api/v1/messages", params=parameters).status_code == 400


def test_the_oldest_leave_when_the_inbox_is_full(running: Running) -> None:
    with running(max_messages=3) as inbox:
        for number in range(5):
            inbox.send(letter(Subject=f"no. {number}"))
        assert subjects(inbox.get("/api/v1/messages")) == ["no. 4", "no. 3", "no. 2"]


def test_info_counts_messages(archive: Inbox) -> None:
    info = archive.get("/api/v1/info")
    assert (info["Messages"], info["Unread"]) == (3, 3)


def test_other_sites_may_change_nothing(filled: Inbox) -> None:
    for method in ("PUT", "DELETE", "POST"):
        answer = filled.http.request(method, "/api/v1/messages", headers={"origin": "https://evil.example"})
        assert answer.status_code == 403
    own = str(filled.http.base_url).rstrip("/")
    assert filled.http.put("/api/v1/messages", json={"Read": True}, headers={"origin": own}).status_code == 200
    assert json.loads(filled.http.get("/api/v1/messages").text)["total"] == 3
