"""A message's HTML, and its parts, as answers that cannot harm whoever looks at them.

Mail is hostile input shown on our own origin, so every answer here carries a policy that forbids scripts, forms, frames
and plugins and puts the document into a sandbox, whether it is shown inside the inbox or opened on its own.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from starlette.responses import Response

from nself.mail.message import Letter, Part

_CID = re.compile(r"""(?<=["'(=\s])cid:([^"'()\s>]+)""", re.IGNORECASE)
_SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; font-src data:; form-action 'none'; "
_LOCAL = "'self' data:"
_REMOTE = "'self' data: https: http:"
_SHOWN_INLINE = re.compile(r"image/(png|jpeg|gif|webp|avif|bmp|x-icon)|text/plain")


def html(letter: Letter, id: str, *, remote_images: bool) -> Response:
    """The HTML part, its inline images pointed at our own API. Links open in a tab of their own."""
    base = '<meta charset="utf-8"><base target="_blank">'
    policy = _POLICY.format(images=_REMOTE if remote_images else _LOCAL) + _SANDBOX
    headers = {"content-security-policy": policy, **_QUIET}
    return Response(base + _with_inline_images(letter, id), media_type="text/html; charset=utf-8", headers=headers)


def part(found: Part) -> Response:
    """An attachment: shown in place only when it is a picture or plain text, otherwise saved as a file."""
    inline = _SHOWN_INLINE.fullmatch(found.content_type)
    name = quote(found.file_name, safe="")
    headers = {
        "content-security-policy": f"default-src 'none'; {_SANDBOX}",
        "content-disposition": f"{'inline' if inline else 'attachment'}; filename*=utf-8''{name}",
        **_QUIET,
    }
    kind = "text/plain; charset=utf-8" if found.content_type == "text/plain" else found.content_type
    safe = re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+(; charset=utf-8)?", kind)
    return Response(found.content, media_type=kind if safe else "application/octet-stream", headers=headers)


_QUIET = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store"}


def _with_inline_images(letter: Letter, id: str) -> str:
    parts = {found.content_id: found.number for found in (*letter.inline, *letter.attachments) if found.content_id}

    def address(match: re.Match[str]) -> str:
        number = parts.get(unquote(match[1])) or parts.get(match[1])
        return f"../api/v1/message/{id}/part/{number}" if number else match[0]

    return _CID.sub(address, letter.html)
