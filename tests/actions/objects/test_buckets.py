from __future__ import annotations

import httpx
import pytest

from nself.actions import history
from nself.actions.objects import buckets, transfer
from nself.actions.objects.buckets import Deleted
from nself.errors import ConfigError, PermissionDeniedError, UsageError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.project import Environment
from nself.s3.errors import NotInStoreError, StoreError
from tests.actions.objects.conftest import Make
from tests.storage.s3_server import BUCKET, S3Server


def test_a_bucket_is_listed_with_what_is_in_it(make: Make, host: LocalHost) -> None:
    of = make()
    buckets.create(of, host, {}, ignore, "listed", public=False)
    file = of.root / "one.txt"
    file.write_text("12345")
    for key in ("a", "b/c"):
        transfer.upload(of, host, {}, ignore, file, transfer.Place(bucket="listed", key=key))
    (found,) = [each for each in buckets.buckets(of, host, {}).buckets if each.name == "listed"]
    assert (found.objects, found.size_bytes, found.policy) == (2, 10, "private")
    assert buckets.one(of, host, {}, "listed").objects == 2


def test_a_public_bucket_is_anybody_s_to_read(make: Make, host: LocalHost, object_server: S3Server) -> None:
    of = make()
    assert buckets.create(of, host, {}, ignore, "pictures", public=True).policy == "public"
    file = of.root / "x"
    file.write_text("seen")
    transfer.upload(of, host, {}, ignore, file, transfer.Place(bucket="pictures", key="x"))
    assert httpx.get(f"{object_server.url}/pictures/x").text == "seen"
    assert buckets.set_policy(of, host, {}, ignore, "pictures", "private").policy == "private"
    assert httpx.get(f"{object_server.url}/pictures/x").status_code == 403


def test_a_bucket_that_is_there_is_not_made_again(make: Make, host: LocalHost) -> None:
    of = make()
    buckets.create(of, host, {}, ignore, "twice", public=False)
    with pytest.raises(UsageError, match="there is a bucket twice already"):
        buckets.create(of, host, {}, ignore, "twice", public=False)


@pytest.mark.parametrize("name", ["Upper", "a", "../escape", "sp ace", "per%cent"])
def test_a_name_no_bucket_can_have_is_refused_before_anything_is_asked(make: Make, host: LocalHost, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a bucket's name"):
        buckets.create(make(), host, {}, ignore, name, public=False)


def test_a_full_bucket_goes_only_when_its_contents_may_go(make: Make, host: LocalHost) -> None:
    of = make()
    buckets.create(of, host, {}, ignore, "full", public=False)
    file = of.root / "x"
    file.write_text("x")
    transfer.upload(of, host, {}, ignore, file, transfer.Place(bucket="full", key="x"))
    with pytest.raises(StoreError, match="BucketNotEmpty") as refused:
        buckets.delete(of, host, {}, ignore, "full", contents=False)
    assert "--contents" in refused.value.fixes[0]
    assert buckets.delete(of, host, {}, ignore, "full", contents=True) == Deleted(bucket="full", objects=1)
    with pytest.raises(NotInStoreError, match="no bucket full"):
        buckets.one(of, host, {}, "full")


def test_the_bucket_of_the_storage_service_is_neither_deleted_nor_made_public(make: Make, host: LocalHost) -> None:
    of = make()
    with pytest.raises(UsageError, match="holds the files of the storage service"):
        buckets.delete(of, host, {}, ignore, BUCKET, contents=True)
    with pytest.raises(UsageError, match="permissions would count for nothing"):
        buckets.set_policy(of, host, {}, ignore, BUCKET, "public")


def test_nothing_is_deleted_in_production(make: Make, host: LocalHost) -> None:
    with pytest.raises(PermissionDeniedError, match="is refused"):
        buckets.delete(make(env=Environment.PROD), host, {}, ignore, "temp", contents=False)


def test_a_misspelled_bucket_is_named_with_the_nearest(make: Make, host: LocalHost) -> None:
    of = make()
    buckets.create(of, host, {}, ignore, "invoices", public=False)
    with pytest.raises(NotInStoreError) as refused:
        buckets.one(of, host, {}, "invoces")
    assert refused.value.fixes == ("did you mean invoices?",)


def test_without_a_store_the_ways_to_one_are_named(make: Make, host: LocalHost) -> None:
    of = make(S3_ENDPOINT="", STORAGE_BACKEND="disk")
    with pytest.raises(ConfigError, match="no object store") as refused:
        buckets.buckets(of, host, {})
    assert refused.value.fixes[0] == "nself service enable seaweedfs"


def test_a_store_elsewhere_without_keys_is_a_mistake(make: Make, host: LocalHost) -> None:
    with pytest.raises(ConfigError, match="S3_SECRET_KEY is not set"):
        buckets.buckets(make(S3_SECRET_KEY=""), host, {})


def test_what_was_done_is_in_the_history(make: Make, host: LocalHost) -> None:
    of = make()
    buckets.create(of, host, {}, ignore, "recorded", public=False)
    (line,) = (of.layout.history / history.FILE).read_text().splitlines()
    assert "make the bucket recorded" in line
