"""What a content is taken for, and what a browser may do with it."""

from __future__ import annotations

import pytest

from nself.storage.mime import detect, safe, security_headers

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 16


@pytest.mark.parametrize(
    ("head", "declared", "name", "expected"),
    [
        (PNG, "", "x", "image/png"),
        (PNG, "image/png", "x.png", "image/png"),
        (PNG, "text/html", "x.html", "image/png"),
        (b"\xff\xd8\xff\xe0..JFIF", "", "", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "", "", "image/webp"),
        (b"\x00\x00\x00\x20ftypavif", "", "", "image/avif"),
        (b"%PDF-1.7", "application/octet-stream", "a.pdf", "application/pdf"),
        (b"plain words", "", "", "text/plain; charset=utf-8"),
        (b"plain words", "application/octet-stream", "notes", "text/plain; charset=utf-8"),
        (b"body { color: red }", "text/css", "a", "text/css"),
        (b"body { color: red }", "", "a.css", "text/css"),
        (b'{"a": 1}', "application/json", "a", "application/json"),
        (b"a;b", "text/csv; charset=utf-8", "a", "text/csv; charset=utf-8"),
        (b"plain words", "image/png", "a.png", "text/plain; charset=utf-8"),
        (b"<!DOCTYPE html><p>", "image/png", "a.png", "text/html; charset=utf-8"),
        (b"  <script>alert(1)</script>", "", "a.txt", "text/plain"),
        (b"<h1 align=center>Title</h1>", "text/markdown", "README.md", "text/markdown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "", "a", "image/svg+xml"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- c -->\n<svg>", "text/plain", "a.txt", "image/svg+xml"),
        (b"<?xml version='1.0'?><feed>", "application/atom+xml", "a", "application/atom+xml"),
        (b"<?xml version='1.0'?><feed>", "application/json", "a", "text/xml; charset=utf-8"),
        (
            b"PK\x03\x04....",
            "application/vnd.oasis.opendocument.text",
            "a.odt",
            "application/vnd.oasis.opendocument.text",
        ),
        (b"PK\x03\x04....", "text/html", "a.html", "application/zip"),
        (b"\x00\x01\x02\x03", "application/x-thing", "a", "application/x-thing"),
        (b"\x00\x01\x02\x03", "text/html", "a.html", "application/octet-stream"),
        (b"\x00\x01\x02\x03", "evil\r\nX: y", "a", "application/octet-stream"),
        (b"\x1aE\xdf\xa3", "audio/webm", "a", "audio/webm"),
        (b"", "", "", "text/plain; charset=utf-8"),
    ],
)
def test_the_content_decides_and_the_declaration_refines(head: bytes, declared: str, name: str, expected: str) -> None:
    assert detect(head, declared=declared, name=name) == expected


@pytest.mark.parametrize(
    "mime_type",
    ["text/html", "text/html; charset=utf-8", "TEXT/HTML", "image/svg+xml", "application/xhtml+xml", "text/xml",
     "application/xml", "multipart/related", "text/javascript", "application/octet-stream", "application/x-thing"],
)  # fmt: skip
def test_what_might_run_scripts_is_shut_in_a_sandbox(mime_type: str) -> None:
    headers = security_headers(mime_type)
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "mime_type", ["image/png", "video/mp4", "audio/mpeg", "application/pdf", "text/plain; charset=utf-8"]
)
def test_what_runs_nothing_is_shown_as_it_is(mime_type: str) -> None:
    assert security_headers(mime_type) == {"X-Content-Type-Options": "nosniff"}


@pytest.mark.parametrize(
    "mime_type", [None, "", "text", "text/html\r\nSet-Cookie: a=b", "text/ü", "a/b c", "x" * 300 + "/y", 'a/b; c="d"']
)
def test_a_type_that_cannot_stand_in_a_header_becomes_bytes(mime_type: str | None) -> None:
    assert safe(mime_type) == "application/octet-stream"


def test_a_type_with_a_charset_is_kept() -> None:
    assert safe("text/csv; charset=utf-8") == "text/csv; charset=utf-8"
