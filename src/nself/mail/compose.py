"""`POST /api/v1/send`: a message described in JSON -> the message itself, as if it had come over SMTP."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

import msgspec

from nself.errors import NselfError
from nself.mail.store import Envelope


class CannotComposeError(NselfError):
    http_status = 400


class Mailbox(msgspec.Struct):
    Email: str
    Name: str = ""


class File(msgspec.Struct):
    """`Content` is base64. With a `ContentID` the file is an inline picture of the HTML part."""

    Content: str
    Filename: str
    ContentType: str = "application/octet-stream"
    ContentID: str = ""


class SendRequest(msgspec.Struct, kw_only=True):
    """The body of the request, in Mailpit's shape."""

    From: Mailbox
    To: list[Mailbox] = []
    Cc: list[Mailbox] = []
    Bcc: list[str] = []
    ReplyTo: list[Mailbox] = []
    Subject: str = ""
    Text: str = ""
    HTML: str = ""
    Attachments: list[File] = []
    Headers: dict[str, str] = {}


def message(body: bytes) -> tuple[bytes, Envelope]:
    """CannotComposeError says what the request got wrong."""
    try:
        request = msgspec.json.decode(body, type=SendRequest)
        composed = _compose(request).as_bytes(policy=SMTP)
    except (msgspec.MsgspecError, ValueError, MessageError, LookupError, IndexError) as error:
        raise CannotComposeError(f"cannot make a message of this: {error}") from error
    recipients = [box.Email for box in (*request.To, *request.Cc)] + request.Bcc
    return composed, Envelope(sender=request.From.Email, recipients=tuple(recipients))


def _compose(request: SendRequest) -> EmailMessage:
    made = EmailMessage()
    made["From"] = _address(request.From)
    for name, boxes in (("To", request.To), ("Cc", request.Cc), ("Reply-To", request.ReplyTo)):
        if boxes:
            made[name] = [_address(box) for box in boxes]
    made["Subject"] = request.Subject
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = make_msgid(domain="nself.local")
    for name, text in request.Headers.items():
        made[name] = text
    made.set_content(request.Text)
    if request.HTML:
        made.add_alternative(request.HTML, subtype="html")
    _attach(made, request.Attachments)
    return made


def _attach(made: EmailMessage, files: Sequence[File]) -> None:
    html = made.get_body(("html",))
    for file in files:
        kind, _, subtype = file.ContentType.partition("/")
        content = _decoded(file)
        if file.ContentID and html is not None:
            id = f"<{file.ContentID}>"
            html.add_related(content, kind, subtype, disposition="inline", filename=file.Filename, cid=id)
        else:
            made.add_attachment(content, maintype=kind, subtype=subtype, filename=file.Filename)


def _decoded(file: File) -> bytes:
    try:
        return base64.b64decode(file.Content, validate=True)
    except binascii.Error as error:
        raise ValueError(f"Content of {file.Filename} is not base64") from error


def _address(box: Mailbox) -> Address:
    return Address(box.Name, addr_spec=box.Email)
