"""A message as it came -> what the inbox shows of it. Pure; whatever the bytes are, there is an answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from itertools import islice

from nself.records import dataclass

SNIPPET = 250
SEARCHABLE = 100_000
"""Characters of a body that a search looks through: enough for any written text, little for a pasted file."""
_MOST_HTML = 500_000
_MOST_HEADERS = 1_000_000
_MOST_PART_HEADER = 8_000
_MOST_ENCODED = 16_000
_MOST_PARTS = 1000
"""Characters and parts that are looked at. The parsers of the standard library take time that grows with the square of
some hostile inputs; below these bounds, far above any real message, that is seconds."""

_SPACE = re.compile(r"\s+")
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""PostgreSQL takes no NUL and JSON no lone surrogate; other control characters only confuse terminals."""


Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An attachment or an inline part. `number` is its place in the message, as clients of the API name it."""

    number: str
    file_name: str
    content_type: str
    content_id: str
    content: bytes = field(repr=False)

    @property
    def checksums(self) -> dict[str, str]:
        return {
            "MD5": hashlib.md5(self.content, usedforsecurity=False).hexdigest(),
            "SHA1": hashlib.sha1(self.content, usedforsecurity=False).hexdigest(),
            "SHA256": hashlib.sha256(self.content).hexdigest(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A parsed message. Header texts are decoded; `headers` keeps every header in its order."""

    message_id: str = ""
    sender: Address | None = None
    recipients: tuple[Address, ...] = ()
    copies: tuple[Address, ...] = ()
    blind_copies: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    html: str = ""
    attachments: tuple[Part, ...] = ()
    inline: tuple[Part, ...] = ()

    @property
    def words(self) -> str:
        """The readable text, on one line: the text part, else what the HTML part says."""
        return _SPACE.sub(" ", self.text or visible_text(self.html)).strip()

    def part(self, number: str) -> Part | None:
        return next((part for part in (*self.attachments, *self.inline) if part.number == number), None)


def parse(raw: bytes) -> Letter:
    """Never raises: a message that cannot be taken apart is shown as the text it is."""
    try:
        return _letter(message_from_bytes(raw, policy=policy.compat32))
    except Exception:  # noqa: BLE001 - the email package fails in many ways on hostile input; none may lose a message
        return Letter(subject="(this message is not well-formed)", text=shown(raw.decode("utf-8", "replace")))


def shown(text: str) -> str:
    """Text without the characters that databases, JSON or terminals choke on."""
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def decoded(text: str) -> str:
    """A header's text: encoded words decoded, folding undone, unknown charsets read as well as they can be."""
    encoded, rest = text[:_MOST_ENCODED], text[_MOST_ENCODED:]
    try:
        pieces = decode_header(encoded)
    except ValueError:
        pieces = [(encoded, None)]
    joined = "".join(
        piece if isinstance(piece, str) else _as_text(piece, charset or "utf-8") for piece, charset in pieces
    )
    return _SPACE.sub(" ", shown(joined + rest)).strip()


def visible_text(html: str) -> str:
    """What a reader would see of an HTML body, roughly: for snippets and search, never for display as HTML."""
    reader = _TextReader()
    reader.feed(html[:_MOST_HTML])
    return "".join(reader.pieces)


def _letter(message: Message) -> Letter:
    bodies = _Bodies()
    for number, part in enumerate(islice(_leaves(message), _MOST_PARTS), start=1):
        bodies.add(str(number), part)
    headers = _headers(message)
    senders = _addresses(headers, "from")
    return Letter(
        message_id=decoded(_first(headers, "message-id")).strip("<>"),
        sender=senders[0] if senders else None,
        recipients=_addresses(headers, "to"),
        copies=_addresses(headers, "cc"),
        blind_copies=_addresses(headers, "bcc"),
        reply_to=_addresses(headers, "reply-to"),
        subject=decoded(_first(headers, "subject")),
        date=_date(_first(headers, "date")),
        headers=tuple((shown(name), decoded(text)) for name, text in headers),
        text="\n".join(bodies.text),
        html="\n".join(bodies.html),
        attachments=tuple(bodies.attachments),
        inline=tuple(bodies.inline),
    )


def _headers(message: Message) -> list[tuple[str, str]]:
    """Names and texts as they came; bytes beyond ASCII are UTF-8, as SMTPUTF8 has it."""
    found, left = [], _MOST_HEADERS
    for name, text in message.raw_items():
        found.append((name, str(text)[:left].encode("utf-8", "surrogateescape").decode("utf-8", "replace")))
        left = max(0, left - len(name) - len(str(text)))
    return found


def _first(headers: Headers, name: str) -> str:
    return next((text for known, text in headers if known.lower() == name), "")


class _Bodies:
    """Sorts the leaves of a message into text, HTML, inline parts and attachments."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.html: list[str] = []
        self.inline: list[Part] = []
        self.attachments: list[Part] = []

    def add(self, number: str, part: Message) -> None:
        kind = part.get_content_type()
        name = _file_name(part)
        content_id = decoded(str(part.get("Content-ID", ""))).strip("<>")
        attached = str(part.get("Content-Disposition", "")).strip().lower().startswith("attachment")
        if kind in ("text/plain", "text/html") and not attached and not name:
            body = shown(_as_text(_content(part), part.get_content_charset("utf-8")).replace("\r\n", "\n"))
            (self.html if kind == "text/html" else self.text).append(body)
            return
        leaf = Part(
            number=number,
            file_name=name or content_id or f"part-{number}",
            content_type=kind,
            content_id=content_id,
            content=_content(part),
        )
        (self.inline if content_id and not attached else self.attachments).append(leaf)


def _leaves(message: Message) -> Iterator[Message]:
    """Parts with content of their own. A forwarded message is one part: what is inside it is not ours to show."""
    _shorten(message)
    if message.is_multipart() and message.get_content_maintype() == "multipart":
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield message


def _shorten(part: Message) -> None:
    """Cut the headers that the email package itself takes apart."""
    for name, text in list(part.raw_items()):
        if name.lower().startswith("content-") and len(str(text)) > _MOST_PART_HEADER:
            part.replace_header(name, str(text)[:_MOST_PART_HEADER])


def _content(part: Message) -> bytes:
    if part.is_multipart():
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, Message) else b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _file_name(part: Message) -> str:
    """The name the sender gave, without any path."""
    return re.split(r"[\\/]", decoded(str(part.get_filename(""))))[-1]


def _as_text(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _addresses(headers: Headers, name: str) -> tuple[Address, ...]:
    """Every address of a header, its name decoded after the split so that a comma in a name harms nothing."""
    texts = [text for known, text in headers if known.lower() == name]
    return tuple(Address(decoded(person), decoded(address)) for person, address in getaddresses(texts) if address)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


class _TextReader(HTMLParser):
    """Collects character data outside of `<style>`, `<script>` and `<head>`."""

    HIDDEN = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in self.HIDDEN

    def handle_endtag(self, tag: str) -> None:
        if tag in self.HIDDEN and self._hidden:
            self._hidden -= 1
        self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)
