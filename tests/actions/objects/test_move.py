from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from nself.actions.objects import move, store
from nself.errors import ConfigError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.project import Project
from nself.s3.client import Client, Object
from nself.s3.errors import StoreError
from nself.s3.signature import Access
from tests.actions.objects.conftest import Make
from tests.storage.s3_server import KEY, REGION, SECRET, S3Server


@pytest.fixture
def client(object_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The project's store is the S3 server of the tests."""
    made = Client(object_server.url, Access(key=KEY, secret=SECRET, region=REGION))

    @contextmanager
    def opened(*_: object) -> Iterator[Client]:
        yield made

    monkeypatch.setattr(store, "opened", opened)
    return made


@pytest.fixture
def moving(make: Make) -> Project:
    """A project with a store of its own, and three files in the folder."""
    own = {"S3_ENDPOINT": "", "STORAGE_BACKEND": "", "S3_REGION": "", "S3_BUCKET": f"own-{uuid4().hex[:8]}"}
    of = make(SEAWEEDFS_ENABLED="true", **own)
    for number in range(3):
        put_on_disk(of, f"content {number}")
    return of


def put_on_disk(of: Project, content: str) -> Path:
    name = str(uuid4())
    path = of.layout.data("storage") / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.with_name(f"{name}.md5").write_text("x")
    return path


def test_every_file_is_in_the_store_and_the_folder_is_kept(moving: Project, host: LocalHost, client: Client) -> None:
    names = [path.name for path in move.on_disk(moving)]
    done = move.move(moving, host, {}, ignore)
    assert (done.files, done.already_there, done.bytes) == (3, 0, 27)
    assert [each.key for each in client.objects(done.bucket)] == sorted(names)
    assert done.kept is not None
    assert [path.name for path in move.contents(done.kept)] == sorted(names, key=lambda name: (name[:2], name))
    assert move.on_disk(moving) == []
    assert move.move(moving, host, {}, ignore).kept is None


def test_what_arrived_before_an_interruption_is_not_sent_again(
    moving: Project, host: LocalHost, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, sent = client.put_stream, list[str]()

    def broken(bucket: str, key: str, *rest: object, **more: object) -> str:
        if len(sent) == 1:
            raise StoreError("the store went away")
        sent.append(key)
        return whole(bucket, key, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(client, "put_stream", broken)
    with pytest.raises(StoreError, match="went away"):
        move.move(moving, host, {}, ignore)
    assert len(move.on_disk(moving)) == 3
    monkeypatch.setattr(client, "put_stream", whole)
    done = move.move(moving, host, {}, ignore)
    assert (done.files, done.already_there) == (3, 1)


def test_a_copy_that_differs_stops_everything_and_the_folder_stays(
    moving: Project, host: LocalHost, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_head = client.head

    def wrong(bucket: str, key: str) -> Object:
        return replace(true_head(bucket, key), etag="0" * 32)

    monkeypatch.setattr(client, "head", wrong)
    with pytest.raises(StoreError, match="is not in the store as it is in the folder"):
        move.move(moving, host, {}, ignore)
    assert len(move.on_disk(moving)) == 3


def test_what_a_running_server_takes_meanwhile_is_moved_too(
    moving: Project, host: LocalHost, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_aside = move._set_aside

    def slowly(of: Project, on: LocalHost) -> Path:
        put_on_disk(of, "late")
        return set_aside(of, on)

    monkeypatch.setattr(move, "_set_aside", slowly)
    done = move.move(moving, host, {}, ignore)
    assert (done.files, len(list(client.objects(done.bucket)))) == (4, 4)


def test_without_a_store_of_its_own_there_is_nowhere_to_move_to(make: Make, host: LocalHost) -> None:
    with pytest.raises(ConfigError, match="nowhere to move"):
        move.move(make(STORAGE_BACKEND="disk"), host, {}, ignore)
