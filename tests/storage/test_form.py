"""Multipart bodies as clients send them, and as attackers do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from nself.storage import form
from nself.storage.errors import FormError
from nself.storage.form import FIELD_BYTES, OTHER_PARTS, Form, Limits

TYPE = "multipart/form-data; boundary=frontier"


def part(disposition: str, content: bytes = b"", *headers: str) -> bytes:
    lines = [f"Content-Disposition: {disposition}", *headers]
    return b"--frontier\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def file(name: str = "a", content: bytes = b"x", field: str = "file[]") -> bytes:
    return part(f'form-data; name="{field}"; filename="{name}"', content)


END = b"--frontier--\r\n"


def read(
    tmp_path: Path, body: bytes | Sequence[bytes], look: Callable[[Form], Any] = lambda form: form, **changes: Any
) -> Any:
    """What `look` sees of the form that arrives in these chunks."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    last = {"type": "http.disconnect"} if changes.pop("breaks_off", False) else {"type": "http.request"}

    async def receive() -> Any:
        return messages.pop(0) if messages else last

    kind = changes.pop("content_type", TYPE)
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode("latin-1"))]}
    limits = Limits(**{"file_fields": frozenset({"file[]"}), "max_files": 5, "ceiling": 1000, **changes})

    async def go() -> Any:
        async with form.read(Request(scope, receive), tmp_path, limits) as sent:
            return look(sent)

    return asyncio.run(go())


def contents(sent: Form) -> list[tuple[str, bytes]]:
    return [(part.name, part.content.path.read_bytes()) for part in sent.files]


def test_files_wait_in_the_staging_folder_until_the_block_ends(tmp_path: Path) -> None:
    assert read(tmp_path, file("a", b"one") + file("b", b"") + END, contents) == [("a", b"one"), ("b", b"")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_it_does_not_matter_how_the_body_is_cut(tmp_path: Path, size: int) -> None:
    body = part('form-data; name="bucket-id"', b"b") + file("a", b"\r\n--frontie\r\n") + file("b", b"-" * 90) + END
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    assert read(tmp_path, chunks, contents) == [("a", b"\r\n--frontie\r\n"), ("b", b"-" * 90)]


def test_metadata_is_a_field_with_and_without_a_file_name(tmp_path: Path) -> None:
    body = (
        part('form-data; name="metadata[]"; filename=""', b"1", "Content-Type: application/json")
        + part('form-data; name="metadata[]"; filename="blob"', b"2", "Content-Type: application/json")
        + part('form-data; name="metadata[]"', b"3")
    )
    assert read(tmp_path, body + END).values("metadata[]") == [b"1", b"2", b"3"]


def test_a_content_is_hashed_measured_and_its_beginning_kept(tmp_path: Path) -> None:
    sent = read(tmp_path, file("a", b"hello") + END)
    content = sent.files[0].content
    assert (content.size, content.md5, content.head) == (5, "5d41402abc4b2a76b9719d911017c592", b"hello")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("caf\u00e9.txt", "caf\u00e9.txt"), ("../../etc/passwd", "passwd"), ("a%22b.txt", "a%22b.txt"), ('a\\"b', 'a"b')],
)
def test_a_file_name_is_utf8_and_has_no_folders(tmp_path: Path, sent: str, kept: str) -> None:
    assert read(tmp_path, file(sent) + END).files[0].name == kept


def test_more_than_any_bucket_takes_is_counted_but_not_kept(tmp_path: Path) -> None:
    size, kept = read(
        tmp_path,
        [file("a", b"")[:-2], *[b"x" * 600_000] * 5, b"\r\n" + END],
        lambda sent: (sent.files[0].content.size, sum(path.stat().st_size for path in tmp_path.iterdir())),
        ceiling=1_500_000,
    )
    assert size == 3_000_000
    assert kept <= 1_500_000


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "ends before its last boundary"),
        (file(), "ends before its last boundary"),
        (b"nonsense", "problem parsing multipart form"),
        (b"--frontier\r\nno colon\r\n\r\n", "problem parsing multipart form"),
        (file() * 6 + END, "more than 5 files"),
        (part('form-data; name="x"') * (OTHER_PARTS + 1) + END, f"more than {OTHER_PARTS} parts"),
        (part("attachment") * (OTHER_PARTS + 1) + END, f"more than {OTHER_PARTS} parts"),
        (part('form-data; name="x"', b"y" * (FIELD_BYTES + 1)) + END, "longer than"),
        (part('form-data; name="x"', b"", "X-Long: " + "y" * 20_000) + END, "Maximum header size exceeded"),
        (part('form-data; name="x"', b"", *["X: y"] * 100) + END, "Maximum header count exceeded"),
    ],
)
def test_what_is_not_a_form_or_too_much_of_one_is_refused_and_leaves_nothing(
    tmp_path: Path, body: bytes, message: str
) -> None:
    with pytest.raises(FormError, match=message):
        read(tmp_path, body)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "kind", ["", "application/json", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 300]
)
def test_only_multipart_with_a_boundary_is_read(tmp_path: Path, kind: str) -> None:
    with pytest.raises(FormError):
        read(tmp_path, END, content_type=kind)


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FormError, match="the upload broke off"):
        read(tmp_path, [file("a", b"y" * 900)[:-100]], breaks_off=True)
    assert list(tmp_path.iterdir()) == []


def test_unknown_fields_are_kept_apart_from_files(tmp_path: Path) -> None:
    sent = read(tmp_path, part('form-data; name="other"; filename="f.bin"', b"123") + END)
    assert (sent.files, sent.values("other")) == ([], [b"123"])
