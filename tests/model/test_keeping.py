"""`CS_N_VOLUMES`: what may be named there, and what may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nself.model import keeping
from nself.model.spec import Category, Mount, ServiceSpec, Volume

BUILTIN = frozenset({"postgres", "storage"})


def parse(*texts: str) -> tuple[tuple[Volume, ...], tuple[Mount, ...]]:
    return keeping.parse(texts, BUILTIN)


def test_a_name_is_a_volume_and_a_path_a_folder_of_the_project() -> None:
    assert parse("data:/app/data", "./var/uploads/:/app/in:ro") == (
        (Volume(name="data", target="/app/data"),),
        (Mount(path="var/uploads", target="/app/in", read_only=True),),
    )


def test_a_volume_may_be_read_only_and_rw_says_what_is_so_anyway() -> None:
    assert parse("data:/data:ro", "more:/more:rw")[0] == (
        Volume(name="data", target="/data", read_only=True),
        Volume(name="more", target="/more"),
    )


def test_each_has_a_variable_that_says_where_it_is() -> None:
    volumes, mounts = parse("my-data:/a", "./var/in:/b")
    assert [each.variable for each in (*volumes, *mounts)] == ["VOLUME_MY_DATA", "VOLUME_VAR_IN"]


@pytest.mark.parametrize(
    "source",
    ["/", ".", "/etc", "/var/run/docker.sock", "..", "../other", "./../other", "./a/../../b", "~/files", "a/b", "Data",
     "./$HOME", "./a\nb"],
)  # fmt: skip
def test_nothing_outside_of_the_project_can_be_named(source: str) -> None:
    with pytest.raises(ValueError, match=r"is not a path below the project's folder|volume's name is"):
        parse(f"{source}:/app")


@pytest.mark.parametrize(
    "source", ["./", "./.nself", "./.nself/data/postgres", "./.env", "./.env.secrets", "./nself.yml", "./.git"]
)
def test_what_holds_secrets_or_the_project_itself_is_not_given_to_a_service(source: str) -> None:
    with pytest.raises(ValueError, match="no service is given"):
        parse(f"{source}:/app")


@pytest.mark.parametrize(
    "target", ["/", "app", "", "/a/../b", "/proc/self", "/run", "/tmp", "/etc", "/dev/shm", "/sys"]
)
def test_what_a_container_needs_as_it_is_is_not_covered(target: str) -> None:
    with pytest.raises(ValueError, match=r"absolute path in the container|not to be covered"):
        parse(f"data:{target}")


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (["data"], "expected name:/path"),
        (["data:/a:z"], "expected name:/path"),
        (["postgres:/a"], "volume of a built-in service"),
        (["a:/x", "b:/x/"], "the target /x"),
        (["a-b:/x", "a_b:/y"], "the variable VOLUME_A_B"),
    ],
)
def test_other_mistakes_are_told_in_words(texts: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(*texts)


@given(st.text(max_size=40))
def test_whatever_is_written_ends_in_words_or_below_the_project(text: str) -> None:
    try:
        _, mounts = parse(text)
    except ValueError:
        return
    assert not keeping.leads_out(Path("/srv/shop"), mounts[0].path) if mounts else True


def test_a_link_may_lead_elsewhere_in_the_project_and_not_out_of_it(tmp_path: Path) -> None:
    project, outside = tmp_path / "shop", tmp_path / "outside"
    for folder in (project / "files", project / ".nself/data", outside):
        folder.mkdir(parents=True)
    for name, to in {"in": "files", "out": str(outside), "own": ".nself/data", "top": "."}.items():
        (project / name).symlink_to(to)
    assert [path for path in ("in", "out", "own", "top", "files", "new") if keeping.leads_out(project, path)] == [
        "out", "own", "top",
    ]  # fmt: skip


def service(name: str, *mounts: Mount, reads: tuple[str, ...] = ()) -> ServiceSpec:
    return ServiceSpec(name=name, category=Category.CUSTOM, mounts=mounts, reads=reads)


def test_no_service_writes_around_what_another_is_given() -> None:
    """It could put a link in its place, which the engine would follow with its own rights."""
    writer = service("web", Mount(path="sites", target="/sites"))
    reader = service("nginx", reads=("sites/shop/dist",))
    (problem,) = keeping.crossing([writer, reader])
    assert problem.path == "services.web.volumes" and "sites/shop/dist, which nginx is given" in problem.message


def test_services_may_share_a_folder_and_read_around_each_other() -> None:
    both = [service(name, Mount(path="files", target="/files")) for name in ("web", "worker")]
    reader = service("backup", Mount(path=".well", target="/a"), Mount(path="filesystem", target="/b"))
    around = service("watcher", Mount(path="files/deep", target="/c"))
    assert list(keeping.crossing([*both, reader])) == []
    read_only = Mount(path="files", target="/files", read_only=True)
    assert list(keeping.crossing([service("web", read_only), around])) == []
