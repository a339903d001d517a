from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nself.errors import ConfigProblemsError
from nself.model.keys import CustomServiceSettings, ProjectSettings
from nself.settings import describe
from tests.model.stacks import loaded, project

KEYS = [
    item.variable.name.replace("_N", "_1") for cls in (ProjectSettings, CustomServiceSettings) for item in describe(cls)
]
WORDS = [
    "",
    "x",
    "1",
    "true",
    "web:custom:80:api",
    "a:b:c:d:e",
    "${ENV}",
    "${CS_1}",
    "-1",
    "a.b.",
    "https://",
    "é",
    "\x00",
]


def test_a_sound_project_has_its_values_typed() -> None:
    found = project({".env": "TZ=Asia/Tokyo\nLOG_LEVEL=WARN"})
    own = found.settings(ProjectSettings)
    assert (own.project_name, own.timezone, own.log_level) == ("shop", "Asia/Tokyo", "warn")
    assert found.layout.root == found.root


def test_secrets_are_in_no_repr() -> None:
    found = loaded({".env": "PROJECT_NAME=shop\nJWT_KEY=" + "hunter2" * 6})
    assert "hunter2" not in repr(found)
    assert "hunter2" not in repr(found.cascade.explain("JWT_KEY"))


def test_a_project_with_problems_does_not_load() -> None:
    found = loaded({".env": "X"})
    assert found.project is None
    with pytest.raises(ConfigProblemsError) as caught:
        found.checked()
    assert caught.value.problems == found.problems
    assert caught.value.exit_code == 3


def test_problems_come_in_the_order_of_files_and_lines() -> None:
    found = loaded({"nself.yml": "a: 1\nb: 2", ".env": "Y\nPOSTGRES_PORT=x", ".env.dev": "X"})
    assert [(each.file, each.line) for each in found.problems] == [
        ("nself.yml", 1),
        ("nself.yml", 2),
        (".env.dev", 1),
        (".env", 1),
        (".env", 2),
        (None, None),
    ]


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(WORDS)), max_size=8), st.sampled_from(["dev", "prod"]))
def test_no_values_make_loading_fail_otherwise_than_by_problems(pairs: list[tuple[str, str]], env: str) -> None:
    found = loaded({".env": "".join(f"{key}={word}\n" for key, word in pairs)}, env=env)
    assert (found.project is None) == bool(found.problems)
    assert all(str(each) for each in (*found.problems, *found.warnings))


@settings(max_examples=150)
@given(
    st.text(alphabet="abc:-[]{}'\"# \n", max_size=30), st.sampled_from(["services", "frontends", "project", "version"])
)
def test_no_document_makes_loading_fail_otherwise_than_by_problems(text: str, section: str) -> None:
    found = loaded({"nself.yml": f"{section}:\n  web:\n    env: {text}\n{section}x: {text}"})
    assert found.problems


@given(st.text(max_size=60))
def test_no_process_environment_makes_loading_fail(text: str) -> None:
    environ = {
        "ENV": text,
        "POSTGRES_PORT": text,
        "NSELF_VAR_CS_1": text,
        f"NSELF_VAR_{text}": "x",
        "BASE_DOMAIN": text,
    }
    loaded({}, environ)
