"""What a content is, judged by its first bytes; and how a browser must be told to treat it."""

from __future__ import annotations

import mimetypes
import re

SNIFFED_BYTES = 1024
BINARY = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBPVP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"BM", "image/bmp"),
    (0, b"\x00\x00\x01\x00", "image/x-icon"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"%!PS-Adobe-", "application/postscript"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"Rar!\x1a\x07", "application/x-rar-compressed"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (8, b"WAVE", "audio/wave"),
    (8, b"AVI ", "video/avi"),
    (0, b"OggS\x00", "application/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
    (0, b"OTTO", "font/otf"),
    (0, b"\x00\x01\x00\x00", "font/ttf"),
    (0, b"\x00asm", "application/wasm"),
)
_HTML = re.compile(
    rb"\s*<(!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[\s>]", re.I
)
_SVG = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!doctype svg[^>]*>\s*)*<svg[\s>]", re.I | re.S)
_XML = re.compile(rb"\s*<\?xml")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_WELL_FORMED = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}(; ?[A-Za-z0-9-]+=[A-Za-z0-9_.:-]+)*"
)
_TEXTUAL = re.compile(
    r"(text/.+|application/(.+\+)?(json|xml|yaml|javascript|toml|sql|graphql|x-[a-z-]+)|image/svg\+xml)"
)
_ZIP_BASED = re.compile(r"application/(vnd\..+|.+\+zip|java-archive|x-.+)")
_RUNS_NOTHING = re.compile(
    r"(image/(?!svg).*|audio/.*|video/.*|font/.*|text/plain|text/css|application/(pdf|json|zip))"
)
_BY_NAME = mimetypes.MimeTypes()
"""The types Python itself knows, not what this machine's files add: the same everywhere."""


def detect(head: bytes, *, declared: str, name: str) -> str:
    """The type of a content that begins with `head`.

    The content decides. What was declared, or else the name, refines it where bytes cannot tell: kinds of text, formats
    inside a ZIP archive, and formats without a signature.
    """
    sniffed = sniff(head)
    finer = _finer(declared, name)
    if finer and _is_kind_of(essence(finer), essence(sniffed)):
        return finer
    return sniffed


def sniff(head: bytes) -> str:
    """By content alone."""
    for offset, signature, mime_type in _SIGNATURES:
        if head.startswith(signature, offset):
            return mime_type
    for pattern, mime_type in (
        (_SVG, "image/svg+xml"),
        (_HTML, "text/html; charset=utf-8"),
        (_XML, "text/xml; charset=utf-8"),
    ):
        if pattern.match(head.removeprefix(b"\xef\xbb\xbf")):
            return mime_type
    return BINARY if _CONTROL.search(head) else TEXT


def essence(mime_type: str) -> str:
    """Without parameters, in lower case."""
    return mime_type.partition(";")[0].strip().lower()


def safe(mime_type: str | None) -> str:
    """`mime_type` if it may stand in a header; rows can hold anything a role was allowed to write."""
    return mime_type if mime_type and _WELL_FORMED.fullmatch(mime_type) else BINARY


def security_headers(mime_type: str) -> dict[str, str]:
    """Users' files must not run scripts on the API's origin."""
    headers = {"X-Content-Type-Options": "nosniff"}
    if not _RUNS_NOTHING.fullmatch(essence(mime_type)):
        headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return headers


def _finer(declared: str, name: str) -> str | None:
    if _WELL_FORMED.fullmatch(declared) and essence(declared) != BINARY:
        return declared
    return _BY_NAME.guess_type(name.replace(":", "_"))[0]


def _is_kind_of(mime_type: str, sniffed: str) -> bool:
    match sniffed:
        case "text/plain" | "text/html":
            return bool(_TEXTUAL.fullmatch(mime_type))
        case "text/xml":
            return mime_type.endswith(("/xml", "+xml"))
        case "application/zip":
            return bool(_ZIP_BASED.fullmatch(mime_type))
        case "application/octet-stream":
            return not mime_type.startswith("text/")
        case "application/ogg" | "video/webm" | "video/mp4":
            return mime_type.startswith(("audio/", "video/"))
        case _:
            return False
