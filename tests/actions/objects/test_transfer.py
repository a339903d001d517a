from __future__ import annotations

import hashlib
import os
from pathlib import Path

import httpx
import pytest

from nself.actions.objects import transfer
from nself.actions.objects.transfer import Place
from nself.errors import UsageError
from nself.events import Event, Note, ignore
from nself.host import LocalHost
from nself.s3.errors import NotInStoreError, StoreError
from tests.actions.objects.conftest import Make
from tests.storage.s3_server import BUCKET, SECRET

THERE = Place(bucket=BUCKET, key="dir/a b+ü.bin")


def test_a_file_goes_there_and_back_unchanged_and_tells_how_far_it_is(make: Make, host: LocalHost) -> None:
    of, said = make(), list[Event]()
    file, back = of.root / "large.bin", of.root / "back.bin"
    file.write_bytes(os.urandom(12 * 1024 * 1024))
    sent = transfer.upload(of, host, {}, said.append, file, THERE)
    assert (sent.size_bytes, sent.etag) == (file.stat().st_size, hashlib.md5(file.read_bytes()).hexdigest())
    assert len([event for event in said if isinstance(event, Note) and "%" in event.text]) == 10
    transfer.download(of, host, {}, ignore, THERE, back)
    assert back.read_bytes() == file.read_bytes()


def test_an_empty_file_is_a_file(make: Make, host: LocalHost) -> None:
    of = make()
    (of.root / "empty").write_bytes(b"")
    place = Place(bucket=BUCKET, key="empty")
    assert transfer.upload(of, host, {}, ignore, of.root / "empty", place).size_bytes == 0
    assert transfer.download(of, host, {}, ignore, place, of.root / "again").size_bytes == 0


def test_a_file_that_is_there_is_replaced_only_when_told(make: Make, host: LocalHost) -> None:
    of = make()
    (of.root / "x").write_text("new")
    transfer.upload(of, host, {}, ignore, of.root / "x", THERE)
    (of.root / "y").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        transfer.download(of, host, {}, ignore, THERE, of.root / "y")
    assert (of.root / "y").read_text() == "mine"
    transfer.download(of, host, {}, ignore, THERE, of.root / "y", replace=True)
    assert (of.root / "y").read_text() == "new"


def test_what_does_not_arrive_whole_leaves_no_file(
    make: Make, host: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = make()
    (of.root / "x").write_text("whole")
    transfer.upload(of, host, {}, ignore, of.root / "x", THERE)
    monkeypatch.setattr(transfer, "_written", lambda part, chunks: (part.write_bytes(b"who"), "0" * 32))
    with pytest.raises(StoreError, match="3 of 5 bytes"):
        transfer.download(of, host, {}, ignore, THERE, of.root / "y")
    assert sorted(path.name for path in of.root.iterdir() if path.is_file()) == [".env", "x"]


@pytest.mark.parametrize("place", [Place(bucket=BUCKET, key="nothing"), Place(bucket="nowhere", key="x")])
def test_what_is_not_there_is_named(make: Make, host: LocalHost, place: Place) -> None:
    of = make()
    with pytest.raises(NotInStoreError, match=f"has no {place.bucket}/{place.key}"):
        transfer.download(of, host, {}, ignore, place, of.root / "x")


def test_a_folder_is_no_file(make: Make, host: LocalHost, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no file"):
        transfer.upload(make(), host, {}, ignore, tmp_path, THERE)


def test_a_presigned_url_works_by_itself_and_ends(make: Make, host: LocalHost) -> None:
    of = make()
    place = Place(bucket=BUCKET, key="for you.txt")
    found = transfer.presign(of, host, {}, place, life_s=60, method="PUT")
    assert httpx.put(found.url, content=b"hello").status_code == 200
    assert httpx.get(transfer.presign(of, host, {}, place, life_s=60).url).text == "hello"
    assert SECRET not in found.url
    assert (found.expires_at - host.now()).total_seconds() <= 60
