"""The client against a real S3 server that checks every signature."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from nself.s3.client import Client
from nself.s3.errors import NotInStoreError, StoreError, StoreUnreachableError
from nself.s3.signature import Access
from tests.cluster import free_port
from tests.storage.s3_server import BUCKET, KEY, REGION, SECRET, S3Server, s3_server

NAMES = ["plain.txt", "a b+c&d=e?f#g%20.txt", "Ünïcödé/深い/日本.txt", "~tilde-_.(brackets)'\"", "x" * 200]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture
def client(server: S3Server) -> Iterator[Client]:
    made = Client(server.url, Access(key=KEY, secret=SECRET, region=REGION))
    yield made
    made.close()


def test_a_bucket_is_made_once_and_listed(client: Client) -> None:
    assert client.create("made-here") is True
    assert client.create("made-here") is False
    assert {BUCKET, "made-here"} <= {bucket.name for bucket in client.buckets()}
    client.delete_bucket("made-here")
    assert not client.exists("made-here")


NAMELESS = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>uploads</Name></Bucket></Buckets></ListAllMyBucketsResult>"


def test_an_answer_without_amazon_s_namespace_is_read_all_the_same() -> None:
    """Garage answers so when it is asked for buckets."""
    answers = httpx.MockTransport(lambda request: httpx.Response(200, content=NAMELESS))
    client = Client(
        "http://127.0.0.1:1", Access(key="a", secret="b", region=REGION), http=httpx.Client(transport=answers)
    )
    assert [bucket.name for bucket in client.buckets()] == ["uploads"]


@pytest.mark.parametrize("name", NAMES)
def test_an_object_of_any_name_goes_there_and_back(client: Client, name: str) -> None:
    content = name.encode() * 3
    assert client.put(BUCKET, name, content) == hashlib.md5(content).hexdigest()
    assert client.head(BUCKET, name).size == len(content)
    assert name in {each.key for each in client.objects(BUCKET)}
    with client.get(BUCKET, name) as response:
        assert b"".join(response.iter_raw()) == content
    client.delete(BUCKET, name)
    client.delete(BUCKET, name)
    with pytest.raises(NotInStoreError, match="has no"):
        client.head(BUCKET, name)


def test_more_than_a_thousand_objects_are_listed_in_their_order(client: Client, server: S3Server) -> None:
    client.create("many")
    names = [f"n{number:04}" for number in range(1005)]
    for name in names:
        (server.folder / "many" / name).write_bytes(b"")
    assert [each.key for each in client.objects("many")] == names
    assert [each.key for each in client.objects("many", "n100")] == names[1000:]


def test_a_content_is_sent_as_it_is_read_and_checked_by_the_store(client: Client) -> None:
    parts = [b"a" * 100_000, b"b" * 50_000]
    whole = b"".join(parts)
    digest = hashlib.sha256(whole).hexdigest()
    etag = client.put_stream(
        BUCKET, "streamed", iter(parts), size=len(whole), sha256=digest, content_type="application/x-test"
    )
    assert etag == hashlib.md5(whole).hexdigest()
    with pytest.raises(StoreError, match="refused PUT"):
        client.put_stream(
            BUCKET, "other", iter(parts), size=len(whole), sha256="0" * 64, content_type="application/x-test"
        )


def test_objects_of_a_public_bucket_are_anybody_s_and_no_other(client: Client, server: S3Server) -> None:
    client.create("public")
    client.put("public", "seen", b"hello")
    client.put(BUCKET, "unseen", b"secret")
    client.set_policy("public", "public")
    assert (client.policy("public"), client.policy(BUCKET)) == ("public", "private")
    assert httpx.get(f"{server.url}/public/seen").content == b"hello"
    assert httpx.get(f"{server.url}/{BUCKET}/unseen").status_code == 403
    assert httpx.put(f"{server.url}/public/new", content=b"x").status_code == 403
    client.set_policy("public", "private")
    assert httpx.get(f"{server.url}/public/seen").status_code == 403


def test_a_presigned_url_opens_one_object_without_keys(client: Client) -> None:
    client.put(BUCKET, "for you.txt", b"hello")
    now = datetime.now(UTC)
    url = client.presign(BUCKET, "for you.txt", method="GET", life_s=60, now=now)
    assert httpx.get(url).content == b"hello"
    assert httpx.get(url.replace("for%20you", "for%20me")).status_code == 403
    assert SECRET not in url
    upload = client.presign(BUCKET, "from you", method="PUT", life_s=60, now=now)
    assert httpx.put(upload, content=b"thanks").status_code == 200
    with pytest.raises(StoreError, match="1 to 604800 seconds"):
        client.presign(BUCKET, "x", method="GET", life_s=604_801, now=now)


def test_a_bucket_with_something_in_it_is_not_deleted(client: Client) -> None:
    client.create("full")
    client.put("full", "x", b"x")
    with pytest.raises(StoreError) as refused:
        client.delete_bucket("full")
    assert refused.value.code == "BucketNotEmpty"


def test_wrong_keys_are_named_as_the_likely_cause(server: S3Server) -> None:
    stranger = Client(server.url, Access(key=KEY, secret="wrong-secret", region=REGION))
    with pytest.raises(StoreError) as refused:
        stranger.buckets()
    assert "wrong-secret" not in refused.value.message
    assert "S3_SECRET_KEY" in refused.value.fixes[0]


def test_a_store_that_is_away_is_an_error_with_its_address(tmp_path: Path) -> None:
    port = free_port()
    away = Client(f"http://127.0.0.1:{port}", Access(key=KEY, secret=SECRET, region=REGION))
    with pytest.raises(StoreUnreachableError, match=f"127.0.0.1:{port} cannot be reached"):
        away.buckets()


def test_something_else_than_a_store_is_told_apart() -> None:
    page = httpx.MockTransport(lambda request: httpx.Response(200, text="<html><br></html>"))
    other = Client("http://store", Access(key=KEY, secret=SECRET, region=REGION), http=httpx.Client(transport=page))
    with pytest.raises(StoreError, match="not S3"):
        other.buckets()


def test_a_store_that_does_not_listen_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nself.s3.client.PAUSES_S", (0, 0, None))
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 1:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(200, content=NAMELESS)

    access = Access(key=KEY, secret=SECRET, region=REGION)
    Client("http://127.0.0.1:1", access, http=httpx.Client(transport=httpx.MockTransport(answer))).await_answer()
    assert len(asked) == 2


def test_a_store_that_is_not_ready_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nself.s3.client.PAUSES_S", (0, 0, None))
    answers = iter([httpx.Response(503), httpx.Response(500), httpx.Response(200, headers={"etag": '"e"'})])
    transport = httpx.MockTransport(lambda request: next(answers))
    store = Client(
        "http://store", Access(key=KEY, secret=SECRET, region=REGION), http=httpx.Client(transport=transport)
    )
    assert store.put("b", "k", b"x") == "e"


def test_content_that_is_not_there_yet_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nself.s3.client.PAUSES_S", (0, 0, None))
    answers = [httpx.Response(500), httpx.Response(503), httpx.Response(200, content=b"x")]
    left = iter(answers)
    transport = httpx.MockTransport(lambda request: next(left))
    store = Client(
        "http://store", Access(key=KEY, secret=SECRET, region=REGION), http=httpx.Client(transport=transport)
    )
    with store.get("b", "k") as found:
        assert found.read() == b"x"
    assert all(each.is_closed for each in answers)


def test_a_store_that_stays_unready_is_an_error_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nself.s3.client.PAUSES_S", (0, 0, None))
    body, asked = "<Error><Code>InternalError</Code><Message>try again</Message></Error>", list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(500, text=body)

    store = Client(
        "http://store",
        Access(key=KEY, secret=SECRET, region=REGION),
        http=httpx.Client(transport=httpx.MockTransport(answer)),
    )
    with pytest.raises(StoreError, match=r"refused GET /b/k: InternalError \(try again\)"), store.get("b", "k"):
        pytest.fail("there is nothing to read")
    assert asked == ["GET"] * 3
