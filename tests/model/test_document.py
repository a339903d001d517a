from __future__ import annotations

import pytest

from nself.model.document import Document, parse
from nself.model.project import Engine
from nself.model.spec import Runtime
from tests.model.stacks import loaded, problems, project


def read(text: str) -> Document:
    document, found, warnings = parse(text, "nself.yml")
    assert (found, warnings) == ([], [])
    return document


def test_without_the_file_everything_is_at_its_default() -> None:
    found = project()
    assert (found.runtime, found.engine) == (Runtime.NATIVE, Engine.NSELF)


def test_its_keys_are_typed() -> None:
    found = read("version: 1\nruntime: compose\nengine: hasura\nproject:\n  name: shop\n  description: A shop\n")
    assert (found.settings.runtime, found.settings.engine) == (Runtime.COMPOSE, Engine.HASURA)
    assert (found.settings.name, found.settings.description) == ("shop", "A shop")


def test_the_name_of_the_project_is_a_variable_that_files_win_over() -> None:
    given = {"nself.yml": "project:\n  name: shop\n", ".env.dev": "DB_PASSWORD=" + "x" * 32 + "\nJWT_KEY=" + "y" * 64}
    found = loaded(given).checked()
    assert (found.name, found.values["PROJECT_NAME"].file, found.values["PROJECT_NAME"].line) == (
        "shop",
        "nself.yml",
        2,
    )
    found = loaded({**given, ".env": "PROJECT_NAME=other"}).checked()
    assert found.name == "other"
    assert [str(warning) for warning in found.warnings] == [
        "nself.yml:2: PROJECT_NAME: is also set by .env:1, which wins"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("versoin: 1", "nself.yml:1: versoin: is not a known key (did you mean version?)"),
        ("project: {nam: x}", "nself.yml:1: project.nam: is not a known key (did you mean name?)"),
        ("version: 2", 'nself.yml:1: version: expected text of the form 1, got "2"'),
        ("\nruntime: dokcer", 'nself.yml:2: runtime: expected one of native, compose, kubernetes, got "dokcer"'),
        ("project: shop", "nself.yml:1: project: expected settings (key: value) below it"),
        ("runtime: {a: 1}", "nself.yml:1: runtime: expected one value"),
        ("services: [web]", "nself.yml:1: services: expected names, each with its settings below"),
        ("services: {web: 3000}", "nself.yml:1: services.web: expected settings (key: value) below it"),
        (
            "services:\n  web:\n    command: x\n    prot: 1",
            "nself.yml:4: services.web.prot: is not a known key (did you mean port?)",
        ),
        (
            "services:\n  web:\n    command: x\n    port: many",
            'nself.yml:4: services.web.port: expected a whole number, got "many"',
        ),
        (
            "services:\n  web:\n    command: x\n    depends_on: ['a,b']",
            "nself.yml:4: services.web.depends_on: an item of a list cannot hold a comma",
        ),
        (
            "services: {web: {command: x, env: [A=1]}}",
            "nself.yml:1: services.web.env: expected variables (NAME: value) below it",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_the_nearest_key(text: str, said: str) -> None:
    assert problems({"nself.yml": text}) == [said]


def test_a_section_that_no_command_reads_yet_is_a_warning() -> None:
    (warning,) = project({"nself.yml": "kubernetes:\n  generate: {namespace: x}\n"}).warnings
    assert str(warning) == "nself.yml:1: kubernetes: is not read by this version of nself"


def test_empty_sections_are_fine() -> None:
    read("project:\nservices:\nfrontends:\n")
