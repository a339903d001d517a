"""Settings read from variables, written back, and described from one declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pytest

from nself.errors import ConfigProblemsError
from nself.settings import JsonObject, JsonObjects, describe, env, from_env, secrets_of, to_env, whole_env


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    name: str = env("NAME")
    port: int = env("PORT", default=80, minimum=1, maximum=65535, aliases=("HTTP_PORT",))
    debug: bool = env("DEBUG", default=False)
    ratio: float | None = env("RATIO", default=None)
    tags: tuple[str, ...] = env("TAGS", default=())
    color: Color = env("COLOR", default=Color.RED)
    password: str = env("PASSWORD", default="", secret=True, minimum=0)
    options: JsonObject | None = env("OPTIONS", default=None)
    keys: JsonObjects | None = env("KEYS", default=None)


def test_what_is_written_reads_back_equal() -> None:
    sample = Sample(
        name="a b",
        port=1,
        debug=True,
        ratio=0.5,
        tags=("x", "y"),
        color=Color.BLUE,
        options=JsonObject({"a": 1}),
        keys=JsonObjects([{"a": 1}, {}]),
    )
    assert from_env(Sample, to_env(sample)) == sample


def test_defaults_are_not_written() -> None:
    assert to_env(Sample(name="n")) == {"NAME": "n"}


def test_every_problem_is_reported_in_one_run() -> None:
    with pytest.raises(ConfigProblemsError) as caught:
        from_env(Sample, {"PORT": "x", "DEBUG": "maybe", "COLOR": "green", "OPTIONS": "[1]", "KEYS": "[1]"})
    assert {problem.path for problem in caught.value.problems} == {"NAME", "PORT", "DEBUG", "COLOR", "OPTIONS", "KEYS"}


@pytest.mark.parametrize("text", ["0", "65536", "1.5", ""])
def test_a_port_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(ConfigProblemsError, match="PORT: expected"):
        from_env(Sample, {"NAME": "n", "PORT": text})


@pytest.mark.parametrize(("text", "value"), [("true", True), ("YES", True), ("on", True), ("0", False), ("Off", False)])
def test_booleans_come_in_the_usual_spellings(text: str, value: bool) -> None:
    assert from_env(Sample, {"NAME": "n", "DEBUG": text}).debug is value


def test_an_alias_is_read_and_named_in_the_problem() -> None:
    assert from_env(Sample, {"NAME": "n", "HTTP_PORT": "8080"}).port == 8080
    with pytest.raises(ConfigProblemsError, match="HTTP_PORT"):
        from_env(Sample, {"NAME": "n", "HTTP_PORT": "no"})


def test_a_computed_value_yields_to_what_the_user_wrote() -> None:
    assert from_env(Sample, {}, name="computed").name == "computed"
    assert from_env(Sample, {"NAME": "written"}, name="computed").name == "written"


def test_a_secret_shows_neither_in_repr_nor_in_errors() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Guarded:
        key: str = env("KEY", secret=True, minimum=32)

    assert "hunter2" not in repr(Sample(name="n", password="hunter2"))
    with pytest.raises(ConfigProblemsError) as caught:
        from_env(Guarded, {"KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert secrets_of(Sample) == {"PASSWORD"}


def test_the_declaration_documents_itself() -> None:
    types = {item.variable.name: item.type_name for item in describe(Sample)}
    assert types["COLOR"] == "red | blue"
    assert types["RATIO"] == "number (optional)"
    assert types["TAGS"] == "comma-separated list"


def test_the_whole_environment_is_at_hand_where_asked_for_and_shown_nowhere() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Open:
        port: int = env("PORT", default=80)
        environ: Mapping[str, str] = whole_env()

    found = from_env(Open, {"PORT": "81", "BILLING_URL": "http://secret"})
    assert found.environ["BILLING_URL"] == "http://secret"
    assert "secret" not in repr(found)
    assert to_env(found) == {"PORT": "81"}
    assert [declared.field for declared in describe(Open)] == ["port"]
