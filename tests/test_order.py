"""The order of the files: what it knows of them is still true."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.order import LONG_S, length_s

HERE = Path(__file__).parent.parent


@pytest.mark.parametrize("path", LONG_S)
def test_a_path_it_knows_is_there(path: str) -> None:
    assert (HERE / path).exists()


def test_few_long_tests_come_before_many_short_ones() -> None:
    files = {"tests/test_layout.py": 900, "tests/e2e/test_objects.py": 20, "tests/e2e/test_pooler.py": 1}
    assert max(files, key=lambda file: length_s(file, files[file])) == "tests/e2e/test_objects.py"
    assert min(files, key=lambda file: length_s(file, files[file])) == "tests/e2e/test_pooler.py"
