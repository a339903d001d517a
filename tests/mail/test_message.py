"""Messages as they come, however badly made, become something to show."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nself.mail.message import Address, parse, visible_text
from nself.web.json import encode


def raw(*lines: str | bytes) -> bytes:
    return b"\r\n".join(line.encode() if isinstance(line, str) else line for line in lines) + b"\r\n"


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        (b"Subject: plain", "plain"),
        (b"Subject: =?utf-8?q?gr=C3=BCn?= =?utf-8?b?5pel5pys?=", "grün日本"),
        (b"Subject: =?iso-8859-1?q?caf=E9?= au lait", "café au lait"),
        (b"Subject: raw gr\xc3\xbcn", "raw grün"),
        (b"Subject: =?no-such-charset?q?a=C3=BC?=", "aü"),
        (b"Subject: =?utf-8?b?broken!!!?=", None),
        (b"Subject: folded\r\n over\r\n\tlines", "folded over lines"),
        (b"Subject: nul\0 and bell\x07", "nul\ufffd and bell\ufffd"),
        (b"Subject:", ""),
        (b"X-No-Subject: here", ""),
    ],
)
def test_subjects_are_decoded(line: bytes, subject: str | None) -> None:
    found = parse(raw(line, "", "body")).subject
    assert found == subject if subject is not None else isinstance(found, str)


@pytest.mark.parametrize(
    ("line", "recipients"),
    [
        ("To: ada@example.com", [("", "ada@example.com")]),
        (
            'To: "Lovelace, Ada" <ada@example.com>, b@example.com',
            [("Lovelace, Ada", "ada@example.com"), ("", "b@example.com")],
        ),
        ("To: =?utf-8?q?Gr=C3=BCn=2C_A?= <a@example.com>", [("Grün, A", "a@example.com")]),
        ("To: undisclosed-recipients:;", []),
        ("To: <<>>,,,@,(", []),
    ],
)
def test_addresses_are_taken_apart(line: str, recipients: list[tuple[str, str]]) -> None:
    found = parse(raw(line, "", "body")).recipients
    assert [
        (entry.name, entry.address) for entry in found if "@" in entry.address and len(entry.address) > 1
    ] == recipients


def test_text_html_inline_and_attached_parts_are_told_apart() -> None:
    message = EmailMessage()
    message["From"] = "Ada <ada@example.com>"
    message.set_content("the text")
    message.add_alternative("<p>the <b>HTML</b></p><img src=cid:pic>", subtype="html")
    message.get_payload()[1].add_related(b"png", "image", "png", cid="<pic>")  # type: ignore[union-attr,index]
    message.add_attachment("a,b", subtype="csv", filename="../../etc/täble.csv")
    message.add_attachment(EmailMessage())
    letter = parse(message.as_bytes())
    assert (letter.text.strip(), letter.html.strip()) == ("the text", "<p>the <b>HTML</b></p><img src=cid:pic>")
    assert [(part.content_id, part.content) for part in letter.inline] == [("pic", b"png")]
    assert [part.file_name for part in letter.attachments] == ["täble.csv", "part-5"]
    assert letter.part("4") == letter.attachments[0]
    assert letter.part("9") is None


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Type: text/plain; charset=utf-16\r\n\r\nodd",
        b'Content-Type: text/plain; charset="no such"\r\n\r\nbytes \xff\xfe',
        b"Content-Type: text/plain; charset=idna\r\n\r\nbytes \xff\xfe",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!not base64!!!",
        b"Content-Transfer-Encoding: no-such-encoding\r\n\r\nbody",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nnever closed",
        b"Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: base64\r\n\r\n--x\r\n\r\na\r\n--x--",
        b"Content-Type: ////;;;===\r\n\r\nbody",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Disposition: attachment; filename*=utf-8''%ff%00\r\n\r\nbody",
        b"Date: Sat, 99 Foo 99999 99:99:99 +9999\r\n\r\nbody",
        b"\0\0\0",
        b"",
        b"no header at all",
        b": no name\r\n\r\nbody",
        b"\r\n" * 1000,
        b"From: \xed\xa0\x80\r\n\r\n\xed\xa0\x80",
    ],
)
def test_broken_messages_are_shown_all_the_same(body: bytes) -> None:
    letter = parse(b"Subject: broken\r\n" + body)
    encode([letter.subject, letter.text, letter.html, letter.headers, [part.file_name for part in letter.attachments]])
    letter.text.encode()
    assert "\0" not in letter.text + letter.html + letter.subject


def test_parts_nested_without_end_do_not_lose_the_message() -> None:
    depth = 5000
    lines = ["Subject: deep"]
    for level in range(depth):
        lines += [f"Content-Type: multipart/mixed; boundary=b{level}", "", f"--b{level}"]
    letter = parse(raw(*lines, "", "bottom"))
    assert letter.subject
    assert letter.text


def test_a_header_may_have_ten_thousand_addresses() -> None:
    letter = parse(raw("To: " + ", ".join(f"user{n}@example.com" for n in range(10_000)), "", "body"))
    assert len(letter.recipients) == 10_000
    assert letter.recipients[-1] == Address("", "user9999@example.com")


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: " + b"=?a?q?=?=" * 100_000,
        b"To: " + b"=?utf-8?b?AA==?= <a@b.c>, " * 40_000,
        b"Content-Type: " + b";" * 1_000_000,
        b"Content-Disposition: attachment; filename" + b";" * 1_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!--" * 250_000,
        b"Content-Type: multipart/mixed; boundary=b\r\n" + b"\r\n--b\r\n\r\nx" * 50_000,
    ],
    ids=["encoded words", "encoded names", "type", "file name", "comments", "parts"],
)
@pytest.mark.timeout(60)  # unbounded, these take from minutes to hours
def test_input_made_to_take_forever_is_cut_short(head: bytes) -> None:
    letter = parse(head + b"\r\n\r\nbody")
    assert len(letter.attachments) <= 1000
    assert isinstance(letter.words, str)


def test_visible_text_leaves_styles_and_scripts_out() -> None:
    html = "<head><title>t</title><style>p{}</style></head><p>one</p><script>two()</script>three &amp; <br>4<!-- 5 -->"
    assert " ".join(visible_text(html).split()) == "one three & 4"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_at_all_can_be_shown(head: bytes, body: bytes) -> None:
    letter = parse(b"Content-Type: multipart/mixed; boundary=b\r\n" + head + b"\r\n\r\n--b\r\n" + body + b"\r\n--b--")
    encode([letter.subject, letter.headers, letter.text, letter.html, letter.words])
