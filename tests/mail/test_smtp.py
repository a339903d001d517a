"""The SMTP side: who may send, how much, and what a hostile or clumsy client can do."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest

from nself.errors import NetworkError
from nself.mail.smtp import Limits, listening
from tests.mail.conftest import Inbox, Running, letter

MIB = 1024 * 1024


def test_any_password_is_accepted(inbox: Inbox) -> None:
    with inbox.smtp() as client:
        client.login("whoever", "whatever")
        client.send_message(letter())
    assert inbox.latest()["Subject"] == "Welcome"


def test_twenty_mebibytes_are_kept_whole(inbox: Inbox) -> None:
    message = letter()
    message.add_attachment(
        bytes(range(256)) * (15 * MIB // 256), maintype="application", subtype="zip", filename="a.zip"
    )
    inbox.send(message)
    [attachment] = inbox.latest()["Attachments"]
    assert attachment["Size"] == 15 * MIB
    assert inbox.get("/api/v1/messages")["messages"][0]["Size"] > 20 * MIB


def test_a_message_over_the_limit_is_refused_and_the_next_is_kept(running: Running) -> None:
    with running(max_message_mb=1) as inbox:
        with inbox.smtp() as client, pytest.raises(smtplib.SMTPResponseException) as refused:
            client.sendmail("a@example.com", "b@example.com", b"x" * 70 + b"\r\n" + b"y" * 2 * MIB)
        assert refused.value.smtp_code == 552
        inbox.send(letter(Subject="small"))
        assert inbox.get("/api/v1/messages")["total"] == 1


def test_lines_may_be_longer_than_the_standard_says(inbox: Inbox) -> None:
    inbox.send(b"Subject: long\r\n\r\n" + b"x" * 200_000 + b"\r\n")
    assert len(inbox.latest()["Text"]) > 200_000


def test_thousands_of_recipients_are_cut_at_the_limit(running: Running) -> None:
    everybody = [f"user{n}@example.com" for n in range(2_000)]
    with running(max_recipients=100) as inbox:
        with inbox.smtp() as client:
            refused = client.sendmail("a@example.com", everybody, letter().as_bytes())
        assert len(refused) == 1_900
        assert {code for code, _ in refused.values()} == {452}
        assert len(inbox.latest()["Bcc"]) == 100


def test_recipients_that_no_header_names_are_blind_copies(inbox: Inbox) -> None:
    inbox.send(letter(Cc="grace@example.com"), to=["ada@example.com", "Grace@example.com", "alan@example.com"])
    message = inbox.latest()
    assert message["Bcc"] == [{"Name": "", "Address": "alan@example.com"}]
    assert message["ReturnPath"] == "app@example.com"


def test_many_clients_at_once_lose_nothing(inbox: Inbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: inbox.send(letter(Subject=f"no. {n}")), range(40)))
    listed = inbox.get("/api/v1/messages", limit=100)["messages"]
    assert {message["Subject"] for message in listed} == {f"no. {n}" for n in range(40)}


def test_connections_beyond_the_limit_are_told_to_wait(running: Running) -> None:
    with running(max_connections=2) as inbox:
        with inbox.smtp(), inbox.smtp(), pytest.raises(smtplib.SMTPException):
            inbox.smtp()
        inbox.send(letter())
        assert inbox.get("/api/v1/messages")["total"] == 1


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(inbox: Inbox) -> None:
    with socket.create_connection(("127.0.0.1", inbox.smtp_port)) as client:
        client.sendall(b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nSubject: half\r\n\r\nthe first")
    inbox.send(letter(Subject="whole"))
    assert [message["Subject"] for message in inbox.get("/api/v1/messages")["messages"]] == ["whole"]


def test_garbage_is_answered_and_survived(inbox: Inbox) -> None:
    with socket.create_connection(("127.0.0.1", inbox.smtp_port)) as client:
        client.sendall(b"\x16\x03\x01\x00\xff\0\0\r\n" + b"A" * 100_000 + b"\r\nQUIT\r\n")
        assert client.recv(1000).startswith(b"220 ")
    inbox.send(letter())
    assert inbox.get("/api/v1/messages")["total"] == 1


def test_a_message_is_accepted_only_after_it_is_durable(running: Running, dsn: str) -> None:
    async def take_table_away() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute("ALTER TABLE mail.messages RENAME TO elsewhere")
        await connection.close()

    with running() as inbox:
        asyncio.run(take_table_away())
        with inbox.smtp() as client, pytest.raises(smtplib.SMTPResponseException) as refused:
            client.send_message(letter())
    assert refused.value.smtp_code == 451


def test_a_taken_port_is_named() -> None:
    async def listen_twice() -> None:
        async def keep(raw: bytes, envelope: object) -> None:
            raise AssertionError("nothing is sent here")

        limits = Limits(message_bytes=MIB, recipients=10, connections=10)
        async with listening("127.0.0.1", 0, keep, limits) as (host, port):
            with pytest.raises(NetworkError, match=f"cannot listen for SMTP on {host}:{port}"):
                async with listening(host, port, keep, limits):
                    raise AssertionError("the port is taken")

    asyncio.run(listen_twice())
