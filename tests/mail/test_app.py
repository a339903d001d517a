"""The inbox as a whole: mail in over SMTP, JSON out."""

from __future__ import annotations

from tests.mail.conftest import Inbox, Running, letter


def test_a_message_sent_over_smtp_is_listed_and_read_as_json(inbox: Inbox) -> None:
    inbox.send(letter())

    listed = inbox.get("/api/v1/messages")
    assert (listed["total"], listed["unread"], listed["messages_count"]) == (1, 1, 1)
    [summary] = listed["messages"]
    assert summary["From"] == {"Name": "App", "Address": "app@example.com"}
    assert summary["To"] == [{"Name": "Ada", "Address": "ada@example.com"}]
    assert summary["Subject"] == "Welcome"
    assert summary["Snippet"] == "Your code is 4711."
    assert summary["Read"] is False

    message = inbox.get(f"/api/v1/message/{summary['ID']}")
    assert message["Text"] == "Your code is 4711.\n"
    assert inbox.get("/api/v1/messages")["unread"] == 0


def test_messages_survive_a_restart(running: Running) -> None:
    with running() as inbox:
        inbox.send(letter(Subject="before"))
    with running() as inbox:
        assert inbox.latest()["Subject"] == "before"


def test_health_answers_on_every_name_probes_use(inbox: Inbox) -> None:
    assert [inbox.http.get(path).text for path in ("/livez", "/readyz", "/healthz")] == ["ok"] * 3
