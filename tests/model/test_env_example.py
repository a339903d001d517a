from __future__ import annotations

from nself.model import dotenv, env_example
from tests.model.test_schema import SCHEMA


def test_every_variable_is_there_with_its_help_and_reads_as_nothing() -> None:
    text = env_example.render(SCHEMA, {})
    assert dotenv.parse(text, "x") == dotenv.Parsed()
    for name, items in SCHEMA.declared.items():
        assert f"\n#{name}=" in text
        assert items[0].variable.help.split()[0] in text


def test_what_is_given_is_switched_on() -> None:
    text = env_example.render(SCHEMA, {"PROJECT_NAME": "shop", "BASE_DOMAIN": "a b"})
    assert [(entry.key, entry.parts) for entry in dotenv.parse(text, "x").entries] == [
        ("PROJECT_NAME", ("shop",)),
        ("BASE_DOMAIN", ("a b",)),
    ]


def test_switching_any_line_on_gives_its_default() -> None:
    lines = env_example.render(SCHEMA, {}).splitlines()
    switched = [line.removeprefix("#") for line in lines if line.startswith("#") and not line.startswith("# ")]
    parsed = dotenv.parse("\n".join(line for line in switched if "=" in line and " " not in line.split("=")[0]), "x")
    assert not parsed.problems
    values = {entry.key: entry.parts for entry in parsed.entries}
    assert values["POSTGRES_PORT"] == ("5432",)
    assert values["JWT_KEY"] == ()
