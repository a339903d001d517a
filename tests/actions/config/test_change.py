"""Changing env files: only the bytes that must change, only when the result loads, never half."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from nself.actions.config import change
from nself.actions.config.change import Target
from nself.actions.init import init
from nself.actions.project import load
from nself.actions.scaffold import Wish
from nself.errors import ConfigError, ConfigProblemsError, NselfError, PermissionDeniedError, UsageError
from nself.host import LocalHost
from tests.actions.test_project import as_ordinary_user


@pytest.fixture
def root(tmp_path: Path) -> Path:
    init(tmp_path, Wish(name="shop"), LocalHost())
    return tmp_path


def target(root: Path, *, env: str | None = None, force: bool = False, backup: bool = True) -> Target:
    return Target(directory=root, environ={}, host=LocalHost(), env=env, force=force, backup=backup)


def test_setting_changes_the_line_that_counts_and_no_other_byte(root: Path) -> None:
    text = (root / ".env").read_text() + "\r\n# mine\r\nexport LOG_LEVEL = 'info'  # loud?\r\n\tTZ=UTC"
    (root / ".env").write_bytes(text.encode())
    done = change.set_value(target(root), "LOG_LEVEL", "debug")
    assert (root / ".env").read_bytes().decode() == text.replace("'info'", "debug")
    assert (done.file, done.previous, done.value, done.effective) == (".env", "info", "debug", True)
    assert load(root, {}).values["LOG_LEVEL"].line == done.line
    assert (root / ".env").stat().st_mode & 0o777 == 0o600


def test_a_copy_of_the_file_is_kept_unless_unwanted(root: Path) -> None:
    before = (root / ".env").read_text()
    done = change.set_value(target(root), "TZ", "Europe/Berlin")
    assert done.backup is not None
    assert (root / done.backup).read_text() == before
    assert (root / done.backup).stat().st_mode & 0o777 == 0o600
    assert change.set_value(target(root, backup=False), "TZ", "UTC").backup is None


def test_it_goes_to_the_file_that_says_it_now(root: Path) -> None:
    (root / ".env.dev").write_text("TZ=UTC\n")
    assert change.set_value(target(root), "TZ", "Asia/Tokyo").file == ".env.dev"
    assert (root / ".env.dev").read_text() == "TZ=Asia/Tokyo\n"
    assert (root / ".env.dev").stat().st_mode & 0o777 == 0o644


def test_a_stronger_file_that_says_otherwise_is_named(root: Path) -> None:
    change.set_value(target(root), "TZ", "UTC")
    done = change.set_value(target(root), "TZ", "Asia/Tokyo", file=".env.dev")
    assert not done.effective
    assert done.winner is not None
    assert done.winner.startswith(".env:")


def test_secrets_outside_dev_go_to_their_own_file_and_are_never_in_the_result(root: Path) -> None:
    done = change.set_value(target(root, env="prod"), "AUTH_SMTP_PASS", "correct horse battery")
    assert done.file == ".env.secrets"
    assert (root / ".env.secrets").stat().st_mode & 0o777 == 0o600
    assert "correct horse" not in str(done.value) + repr(done)


@pytest.mark.parametrize("value", ["it's", 'say "x"', "a\nb", "${BASE_DOMAIN}", "$(id)", " # x", "\\n", "", "é 日本"])
def test_any_text_is_kept_literally(root: Path, value: str) -> None:
    change.set_value(target(root), "PROJECT_DESCRIPTION", value)
    assert load(root, {}).values["PROJECT_DESCRIPTION"].text == value


def test_an_older_name_in_the_file_is_changed_in_place(root: Path) -> None:
    text = (root / ".env").read_text().replace("JWT_KEY=", "HASURA_JWT_KEY=")
    (root / ".env").write_text(text)
    change.set_value(target(root), "JWT_KEY", "n" * 40)
    assert f"HASURA_JWT_KEY={'n' * 40}\n" in (root / ".env").read_text()
    assert load(root, {}).values["JWT_KEY"].text == "n" * 40


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("POSTGRES_PORT", "many", 'POSTGRES_PORT: expected a whole number, got "many"'),
        ("PROJECT_NAME", "My Shop", "PROJECT_NAME: expected lower-case letters"),
        ("JWT_KEY", "short", "JWT_KEY: expected at least 32 characters, got 5"),
        ("CS_1", "web", "CS_1: expected name:template"),
    ],
)
def test_a_value_that_would_not_load_is_never_written(root: Path, key: str, value: str, said: str) -> None:
    before = (root / ".env").read_bytes()
    with pytest.raises(ConfigProblemsError) as caught:
        change.set_value(target(root), key, value)
    assert said in caught.value.message
    assert ".env:" not in caught.value.message
    assert (root / ".env").read_bytes() == before


def test_an_unknown_key_is_refused_with_the_nearest_unless_forced(root: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        change.set_value(target(root), "LOG_LEVLE", "debug")
    assert caught.value.fixes[0].startswith("did you mean LOG_LEVEL?")
    change.set_value(target(root, force=True), "STRIPE_API_KEY", "abc")
    assert load(root, {}).values["STRIPE_API_KEY"].text == "abc"


@pytest.mark.parametrize("key", ["1A", "A B", "A=B", "", "A\nB", "é"])
def test_what_can_be_no_name_is_refused_even_forced(root: Path, key: str) -> None:
    with pytest.raises(UsageError):
        change.set_value(target(root, force=True), key, "x")


@pytest.mark.parametrize(
    "file", ["../.env", "/etc/passwd", "nself.yml", ".env.example", ".env/../../x", ".environments/../.env", ".envrc"]
)
def test_only_the_projects_env_files_are_changed(root: Path, file: str) -> None:
    with pytest.raises(UsageError):
        change.set_value(target(root), "TZ", "UTC", file=file)


def test_a_problem_that_was_there_before_does_not_stop_a_change(root: Path) -> None:
    (root / ".env.dev").write_text("POSTGRES_PORT=x\n")
    change.set_value(target(root), "LOG_LEVEL", "debug")
    assert "LOG_LEVEL=debug" in (root / ".env").read_text()


def test_a_broken_file_is_not_changed(root: Path) -> None:
    (root / ".env").write_text("PROJECT_NAME=shop\nX='open\n")
    with pytest.raises(ConfigProblemsError, match="never closed"):
        change.set_value(target(root), "TZ", "UTC", file=".env")


def test_a_linked_file_stays_a_link(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    real = tmp_path_factory.mktemp("elsewhere") / "dev"
    real.write_text("TZ=UTC\n")
    (root / ".env.dev").symlink_to(real)
    change.set_value(target(root), "TZ", "Asia/Tokyo")
    assert (root / ".env.dev").is_symlink()
    assert real.read_text() == "TZ=Asia/Tokyo\n"


def test_a_project_that_may_not_be_written_stays_as_it_is(root: Path) -> None:
    for folder in (root, *root.parents):
        if folder.stat().st_uid == os.getuid() and len(folder.parts) > 2:
            folder.chmod(0o755)
    (root / ".env").chmod(0o644)
    before = (root / ".env").read_bytes()
    with as_ordinary_user(), pytest.raises(PermissionDeniedError):
        change.set_value(target(root), "TZ", "Asia/Tokyo")
    assert (root / ".env").read_bytes() == before


def test_many_at_once_lose_nothing(root: Path) -> None:
    failed: list[NselfError] = []

    def one(number: int) -> None:
        try:
            change.set_value(target(root, force=True, backup=False), f"MINE_{number}", str(number))
        except NselfError as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    values = load(root, {}).values
    assert not failed
    assert [values[f"MINE_{number}"].text for number in range(8)] == [str(number) for number in range(8)]


def test_importing_sets_all_or_nothing(root: Path) -> None:
    before = (root / ".env").read_bytes()
    with pytest.raises(ConfigProblemsError):
        change.import_file(target(root), "TZ=Asia/Tokyo\nPOSTGRES_PORT=x\n")
    with pytest.raises(ConfigError, match="POSTGRES_PROT"):
        change.import_file(target(root), "TZ=Asia/Tokyo\nPOSTGRES_PROT=1\n")
    with pytest.raises(NselfError, match="refers to"):
        change.import_file(target(root), "TZ=${X}\n")
    assert (root / ".env").read_bytes() == before
    done = change.import_file(target(root), "export TZ='Asia/Tokyo'\nENV=dev\n")
    assert (done.imported, done.unchanged) == (("TZ",), ("ENV",))


def test_an_edited_text_replaces_only_the_text_that_was_shown(root: Path) -> None:
    shown = change.current_text(target(root), ".env")
    assert not change.replace_text(target(root), ".env", shown, shown).changed
    with pytest.raises(ConfigProblemsError) as caught:
        change.replace_text(target(root), ".env", shown, shown + "nonsense\n")
    assert f".env:{shown.count(chr(10)) + 1}: expected KEY=value" in caught.value.message
    assert change.replace_text(target(root), ".env", shown, shown + "TZ=UTC\n").changed
    with pytest.raises(ConfigError, match="changed by someone else"):
        change.replace_text(target(root), ".env", shown, "x")


def test_missing_secrets_are_made_and_existing_ones_kept(root: Path) -> None:
    kept = load(root, {}).values["JWT_KEY"].text
    text = (root / ".env").read_text()
    (root / ".env").write_text("".join(line for line in text.splitlines(True) if "POSTGRES_PASSWORD" not in line))
    done = change.generate_secrets(target(root, env="prod"))
    assert (done.file, done.generated) == (".env.secrets", ("POSTGRES_PASSWORD",))
    values = load(root, {}, env="prod").values
    assert len(values["POSTGRES_PASSWORD"].text) == 32
    assert values["JWT_KEY"].text == kept
    assert change.generate_secrets(target(root, env="prod")).generated == ()


def test_every_change_leaves_a_line_in_the_history_and_no_value(root: Path) -> None:
    change.set_value(target(root), "AUTH_SMTP_PASS", "correct horse")
    with pytest.raises(ConfigProblemsError):
        change.set_value(target(root), "POSTGRES_PORT", "x")
    text = (root / ".nself/history/all.jsonl").read_text()
    assert [json.loads(line)["description"] for line in text.splitlines()] == ["init shop", "set AUTH_SMTP_PASS"]
    assert "correct horse" not in text
