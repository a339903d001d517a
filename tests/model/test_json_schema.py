from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from nself.actions import scaffold
from nself.actions.config.read import full_schema
from nself.actions.scaffold import Mode, Wish
from nself.model import json_schema


def test_both_are_schemas() -> None:
    for schema in (json_schema.variables(full_schema()), json_schema.document()):
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ({"PROJECT_NAME": "shop", "ENV": "dev", "POSTGRES_PORT": "5432", "MINE": "x"}, True),
        ({"CS_1": "a:b", "CS_1_PORT": "80", "CS_2_ENV_X": "y", "CS_1_PUBLIC": "Yes"}, True),
        ({"POSTGRES_PORT": ""}, True),
        ({"ENV": "live"}, False),
        ({"POSTGRES_PORT": "many"}, False),
        ({"POSTGRES_PORT": 5432}, False),
        ({"CS_1_PORT": "x"}, False),
        ({"JWT_KEY": "short"}, False),
        ({"SSL_ENABLED": "maybe"}, False),
    ],
)
def test_variables_fit_their_types(values: dict[str, Any], fits: bool) -> None:
    assert jsonschema.Draft202012Validator(json_schema.variables(full_schema())).is_valid(values) is fits


@pytest.mark.parametrize("mode", list(Mode))
def test_what_init_writes_fits(mode: Mode) -> None:
    jsonschema.validate(
        yaml.safe_load(scaffold.contents(Wish(name="shop", mode=mode))["nself.yml"]), json_schema.document()
    )


@pytest.mark.parametrize(
    "text", ["versoin: '1'", "runtime: docker", "services: {web: {prot: 1}}", "services: {web: {port: [1]}}", "[]"]
)
def test_a_mistaken_document_does_not(text: str) -> None:
    assert not jsonschema.Draft202012Validator(json_schema.document()).is_valid(yaml.safe_load(text))
