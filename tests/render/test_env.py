"""Env files: written here, read by the servers and by the door to the user's commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nself.errors import ConfigProblemsError
from nself.settings import from_file, to_file
from tests.render.rendering import render
from tests.services.projects import custom, project

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(pairs=st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True), TEXT))
def test_any_value_is_read_back_as_it_was(pairs: dict[str, str]) -> None:
    assert from_file("# a comment\n" + to_file(pairs)) == pairs


@pytest.mark.parametrize("name", ["A=B", "A B", "A\nB", "", "1A", "Ä", "A\n"])
def test_a_name_that_no_variable_can_have_is_refused(name: str) -> None:
    with pytest.raises(ConfigProblemsError, match="cannot be a variable's name"):
        to_file({name: "x"})


def test_each_server_and_each_service_of_the_user_has_its_own_file() -> None:
    names = {name for name in render(project(custom=(custom(),))) if name.startswith("env/")}
    assert names == {f"env/{name}.env" for name in ("auth", "functions", "graphql", "mail", "storage", "web")}


def test_places_are_resolved_for_our_servers_and_left_alone_for_the_user() -> None:
    files = render(project(custom=(custom(env={"TEMPLATE": "{root}"}),)))
    assert "STORAGE_DISK_ROOT=/srv/shop/.nself/data/storage\n" in files["env/storage.env"]
    assert 'TEMPLATE="{root}"\n' in files["env/web.env"]
