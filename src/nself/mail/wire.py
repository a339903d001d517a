"""The inbox as JSON, in the shapes of Mailpit's public API v1, so that tools made for it work here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nself.mail.message import Address, Letter, Part
from nself.mail.store import Page, Received, Summary


def page(found: Page, *, start: int) -> dict[str, Any]:
    return {
        "total": found.total,
        "unread": found.unread,
        "count": len(found.messages),
        "messages_count": found.matching,
        "messages_unread": found.unread,
        "start": start,
        "tags": [],
        "messages": [summary(message) for message in found.messages],
    }


def summary(message: Summary) -> dict[str, Any]:
    return {
        "ID": message.id,
        "MessageID": message.message_id,
        "Read": message.read,
        "From": _address(message.sender),
        "To": _addresses(message.recipients),
        "Cc": _addresses(message.copies),
        "Bcc": _addresses(message.blind_copies),
        "ReplyTo": _addresses(message.reply_to),
        "Subject": message.subject,
        "Created": message.created,
        "Tags": [],
        "Size": message.size,
        "Attachments": message.attachments,
        "Snippet": message.snippet,
    }


def message(received: Received, letter: Letter) -> dict[str, Any]:
    return {
        "ID": received.id,
        "MessageID": letter.message_id,
        "From": _address(letter.sender or Address("", received.return_path)),
        "To": _addresses(letter.recipients),
        "Cc": _addresses(letter.copies),
        "Bcc": _addresses(received.blind_copies),
        "ReplyTo": _addresses(letter.reply_to),
        "ReturnPath": received.return_path,
        "Subject": letter.subject,
        "Date": letter.date or received.created,
        "Tags": [],
        "Text": letter.text,
        "HTML": letter.html,
        "Size": len(received.raw),
        "Inline": [_part(part) for part in letter.inline],
        "Attachments": [_part(part) for part in letter.attachments],
    }


def headers(letter: Letter) -> dict[str, list[str]]:
    """Every header, by name in the order of first appearance; a repeated one has several texts."""
    found: dict[str, list[str]] = {}
    for name, text in letter.headers:
        found.setdefault(name, []).append(text)
    return found


def _part(part: Part) -> dict[str, Any]:
    return {
        "PartID": part.number,
        "FileName": part.file_name,
        "ContentType": part.content_type,
        "ContentID": part.content_id,
        "Size": len(part.content),
        "Checksums": part.checksums,
    }


def _address(address: Address | None) -> dict[str, str] | None:
    return {"Name": address.name, "Address": address.address} if address and address.address else None


def _addresses(addresses: Sequence[Address]) -> list[dict[str, str]]:
    return [{"Name": entry.name, "Address": entry.address} for entry in addresses]
