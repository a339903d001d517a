from __future__ import annotations

import pytest

from nself.model.project import Environment
from tests.model.stacks import loaded, problems, project


@pytest.mark.parametrize(
    ("environ", "asked", "expected"),
    [
        ({}, None, "staging"),
        ({"ENV": "prod"}, None, "prod"),
        ({"ENV": "prod", "NSELF_ENV": "dev"}, None, "dev"),
        ({"NSELF_ENV": "prod", "TARGET_ENV": "dev"}, None, "dev"),
        ({"TARGET_ENV": "dev"}, "prod", "prod"),
    ],
)
def test_the_environment_is_chosen_in_the_documented_order(
    environ: dict[str, str], asked: str | None, expected: str
) -> None:
    assert loaded({".env": "ENV=staging"}, environ, env=asked).env == expected


def test_files_name_the_environment_in_the_order_they_win() -> None:
    given = {".env.dev": "ENV=dev", ".env.local": "ENV=prod", "nself.yml": "environments: {default: staging}"}
    assert loaded(given).env == "prod"
    assert loaded({"nself.yml": "environments: {default: staging}"}).env == "staging"
    assert loaded({}).env == "dev"


@pytest.mark.parametrize(
    ("word", "env"), [("production", "prod"), ("Development", "dev"), ("local", "dev"), ("stage", "staging")]
)
def test_older_words_are_understood(word: str, env: str) -> None:
    assert loaded({}, {"ENV": word}).env == env


def test_an_unknown_environment_is_a_problem_with_the_nearest_word() -> None:
    (problem,) = problems({".env": "\nENV=prd"})
    assert problem == ".env:2: ENV: expected one of dev, staging, prod, got 'prd' (did you mean prod?)"


def test_the_chosen_environment_is_what_env_says() -> None:
    found = project({".env": "ENV=dev\nSHOWN=${ENV}"}, env="prod")
    assert found.env is Environment.PROD
    assert found.values["ENV"].text == found.values["SHOWN"].text == "prod"
    assert any("its values still win" in str(warning) for warning in found.warnings)


def test_every_file_that_cannot_be_read_is_reported() -> None:
    found = [str(problem) for problem in loaded({".env": None, "nself.yml": None}).problems]
    assert ".env: cannot be read: it is a folder" in found
    assert "nself.yml: cannot be read: it is a folder" in found


def test_two_documents_contradict() -> None:
    assert any("keep nself.yml only" in problem for problem in problems({"nself.yml": "", ".nself.yml": ""}))
