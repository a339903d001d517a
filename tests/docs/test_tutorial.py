"""The tutorial does what it says: its commands are run in order, in one shell, and its last answer comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.following import follow
from tests.e2e.conftest import open_to_others


@pytest.mark.e2e
def test_following_the_tutorial_ends_in_its_last_answer(tmp_path: Path) -> None:
    open_to_others(tmp_path)
    follow("tutorial/first-backend.md", tmp_path, "notes")
