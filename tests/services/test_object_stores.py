"""The S3 stores: what they run, what they are told, and that the storage service finds the one that is enabled."""

from __future__ import annotations

import pytest

from nself.errors import ConfigProblemsError
from nself.services import object_stores, storage, stores
from tests.services.projects import project, spec

SECRET = "s3-secret-of-a-test-of-forty-characters-"
SWITCHES = {"seaweedfs": "SEAWEEDFS_ENABLED", "minio": "MINIO_ENABLED", "garage": "GARAGE_ENABLED"}


def having(store: str, **values: str) -> dict[str, str]:
    return {SWITCHES[store]: "true", "S3_SECRET_KEY": SECRET, **values}


def test_without_a_switch_there_is_no_store_and_files_are_in_a_folder() -> None:
    of = project()
    assert object_stores.chosen(of) is None
    assert "STORAGE_BACKEND" not in spec(of, "storage").env


@pytest.mark.parametrize("store", SWITCHES)
def test_the_storage_service_uses_the_store_that_is_enabled(store: str) -> None:
    of = project(values=having(store))
    found, files = spec(of, store), spec(of, "storage")
    assert store in files.needs
    assert files.env["STORAGE_BACKEND"] == "s3"
    assert files.env["S3_BUCKET"] == "shop-files"
    port = next(port for port in found.ports if port.name == stores.S3).number
    assert files.env["S3_ENDPOINT"].startswith("http://127.0.0.1:")
    assert files.env["S3_ENDPOINT"].endswith(str(port))
    assert files.secrets["S3_SECRET_KEY"] == SECRET
    assert files.env["S3_ACCESS_KEY"] in found.secrets.values()


@pytest.mark.parametrize("store", SWITCHES)
def test_no_secret_is_in_an_argv_a_plain_variable_or_a_file(store: str) -> None:
    found = spec(project(values=having(store)), store)
    assert SECRET in found.secrets.values()
    for place in (*found.command, *found.env.values(), *found.files.values(), repr(found)):
        assert not [secret for secret in found.secrets.values() if secret in place]


@pytest.mark.parametrize("store", SWITCHES)
def test_another_image_or_version_can_be_named(store: str) -> None:
    name = store.upper()
    found = spec(project(values=having(store, **{f"{name}_VERSION": "9"})), store)
    assert found.image is not None
    assert found.image.reference.endswith(":9")
    other = spec(project(values=having(store, **{f"{name}_IMAGE": "example/store:1"})), store)
    assert other.image is not None
    assert other.image.reference == "example/store:1"


def test_an_endpoint_of_the_user_s_own_wins() -> None:
    values = having("seaweedfs", S3_ENDPOINT="https://s3.example.com", STORAGE_BACKEND="s3", S3_BUCKET="mine")
    found = spec(project(values=values), "storage")
    assert found.env["S3_ENDPOINT"] == "https://s3.example.com"
    assert "seaweedfs" not in found.needs


def test_the_folder_can_be_kept_beside_a_store() -> None:
    of = project(values=having("seaweedfs", STORAGE_BACKEND="disk"))
    assert storage.store_of(of) is None
    assert "seaweedfs" not in spec(of, "storage").needs


def test_two_stores_at_once_are_a_mistake() -> None:
    of = project(values={**having("seaweedfs"), **having("minio")})
    with pytest.raises(ConfigProblemsError, match="seaweedfs and minio are enabled"):
        spec(of, "storage")


def test_a_store_without_its_secret_says_so() -> None:
    with pytest.raises(ConfigProblemsError, match="S3_SECRET_KEY: is required"):
        spec(project(values={"SEAWEEDFS_ENABLED": "true"}), "seaweedfs")


@pytest.mark.parametrize(
    ("store", "key", "secret", "problem"),
    [
        ("garage", "short", SECRET, "S3_ACCESS_KEY: is nothing Garage takes"),
        ("garage", "with spaces in it", SECRET, "S3_ACCESS_KEY"),
        ("garage", "long-enough", "fifteen-letters", "S3_SECRET_KEY"),
        ("garage", "long-enough", "sixteen letters and spaces", "S3_SECRET_KEY"),
        ("minio", "ab", SECRET, "S3_ACCESS_KEY: is nothing MinIO takes"),
        ("minio", "a=b,c", SECRET, "S3_ACCESS_KEY"),
        ("minio", "abc", "seven-7", "S3_SECRET_KEY"),
    ],
)
def test_keys_a_store_would_not_start_with_are_a_problem(store: str, key: str, secret: str, problem: str) -> None:
    values = having(store, S3_ACCESS_KEY=key) | {"S3_SECRET_KEY": secret}
    with pytest.raises(ConfigProblemsError, match=problem):
        spec(project(values=values), store)


def test_the_names_of_the_contract_mean_the_same() -> None:
    old = project(values={"MINIO_ENABLED": "true", "MINIO_ROOT_USER": "someone", "MINIO_ROOT_PASSWORD": SECRET})
    found = spec(old, "minio")
    assert found.secrets == {"MINIO_ROOT_USER": "someone", "MINIO_ROOT_PASSWORD": SECRET}
    assert spec(old, "storage").env["S3_ACCESS_KEY"] == "someone"


@pytest.mark.parametrize("name", ["Uploads", "ab", "a..b", "under_score", "-x-", "x" * 64])
def test_a_name_no_bucket_can_have_is_a_problem(name: str) -> None:
    with pytest.raises(ConfigProblemsError, match="cannot be a bucket's name"):
        spec(project(values=having("seaweedfs", S3_DEFAULT_BUCKETS=f"fine,{name}")), "seaweedfs")


def test_the_bucket_of_the_storage_service_is_named_after_the_project() -> None:
    of = project(name="my_shop", values=having("seaweedfs"))
    assert stores.settings(of).bucket == "my-shop-files"


def test_the_parts_of_seaweedfs_are_on_loopback_and_believe_each_other_by_keys() -> None:
    found = spec(project(values=having("seaweedfs")), "seaweedfs")
    assert {"-ip=127.0.0.1", "-ip.bind=127.0.0.1"} <= set(found.command)
    keys = [text for name, text in found.secrets.items() if name.startswith("WEED_JWT_")]
    assert len(set(keys)) == len(keys) == 4


def test_the_s3_api_is_public_only_when_asked_for() -> None:
    assert spec(project(values=having("seaweedfs")), "seaweedfs").routes == ()
    (route,) = spec(project(values=having("seaweedfs", S3_ROUTE="s3")), "seaweedfs").routes
    assert (route.host, route.body_limit, route.stream_request) == ("s3.localhost", "0", True)
