"""The schema of a result accepts what --json prints of it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

import jsonschema
import pytest

from nself.cli import shapes
from nself.cli.output import as_json


class Color(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    at: datetime
    path: Path


@dataclass(frozen=True)
class Result:
    __not_json__ = ("hidden",)
    name: str
    count: int | None
    color: Color
    status: Literal["pass", "fail"]
    items: tuple[Inner, ...]
    sizes: Mapping[str, int]
    hidden: object = None


SAMPLE = Result("n", None, Color.RED, "pass", (Inner(datetime(2026, 1, 2, tzinfo=UTC), Path("/a")),), {"a": 1})


def test_the_printed_json_fits_its_schema() -> None:
    jsonschema.validate(as_json(SAMPLE), shapes.schema(Result))


def test_times_are_utc() -> None:
    assert as_json(SAMPLE)["items"][0] == {"at": "2026-01-02T00:00:00Z", "path": "/a"}


@pytest.mark.parametrize("change", [{"count": "x"}, {"status": "maybe"}, {"extra": 1}, {"sizes": {"a": "b"}}])
def test_another_shape_does_not_fit(change: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**as_json(SAMPLE), **change}, shapes.schema(Result))


def test_a_type_without_a_shape_is_refused() -> None:
    with pytest.raises(TypeError, match="no documented shape"):
        shapes.schema(bytes)
