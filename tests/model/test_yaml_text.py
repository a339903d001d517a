"""One value changes, everything else stays as it was typed."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nself.model.yaml_text import UneditableError, assign

TEXT = """\
# The shop.
version: "1"

services:
  web:   # the page
    command: python3 server.py
    replicas: 2   # enough for now
  worker: {command: "python3 worker.py", port: 8002}

  # the last one
  mailer:
    env:
      GREETING: >
        hello
        world

# frontends:
#   shop:
"""


def test_a_value_is_replaced_where_it_stands() -> None:
    assert assign(TEXT, ("services", "web", "replicas"), "3") == TEXT.replace("replicas: 2 ", "replicas: 3 ")


def test_a_key_joins_the_last_of_its_entry() -> None:
    changed = assign(TEXT, ("services", "web", "memory"), "1G")
    assert changed == TEXT.replace("# enough for now\n", "# enough for now\n    memory: 1G\n")


def test_an_entry_in_braces_grows_inside_them() -> None:
    changed = assign(TEXT, ("services", "worker", "replicas"), "2")
    assert 'worker: {command: "python3 worker.py", port: 8002, replicas: 2}\n' in changed


def test_a_key_comes_after_a_text_of_several_lines() -> None:
    changed = assign(TEXT, ("services", "mailer", "replicas"), "2")
    assert "        world\n\n    replicas: 2\n# frontends" in changed or "world\n    replicas: 2\n\n# front" in changed


def test_a_section_that_is_missing_is_added_at_the_end_of_what_there_is() -> None:
    changed = assign('version: "1"', ("scale", "graphql", "replicas"), "2")
    assert changed == 'version: "1"\nscale:\n  graphql:\n    replicas: 2\n'


@pytest.mark.parametrize("text", ["", "# nothing yet", "# nothing yet\n"])
def test_an_empty_file_gets_its_first_section(text: str) -> None:
    assert yaml.safe_load(assign(text, ("scale", "auth", "cpu"), "2")) == {"scale": {"auth": {"cpu": 2}}}


def test_an_empty_section_is_filled() -> None:
    changed = assign("scale: # later\nruntime: native\n", ("scale", "auth", "cpu"), "2")
    assert changed == "scale: # later\n  auth:\n    cpu: 2\nruntime: native\n"


def test_a_value_that_was_left_out_is_written() -> None:
    assert assign("services:\n  web:\n    replicas:\n", ("services", "web", "replicas"), "2").endswith("replicas: 2\n")


@pytest.mark.parametrize(
    "text", ["[1, 2]", "services: [web]", "services: hello", "services:\n  web: &a\n    <<: *b", "a: b: c", "\tx: 1"]
)
def test_what_cannot_be_changed_safely_is_refused(text: str) -> None:
    with pytest.raises(UneditableError):
        assign(text, ("services", "web", "replicas"), "2")


NAMES = st.sampled_from(["web", "auth", "replicas", "memory", "x y", "#1"])
TREES = st.recursive(
    st.one_of(st.none(), st.integers(0, 9), st.sampled_from(["a", "b: c", "# no", "", "two\nlines\n", "'"])),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, TREES, max_size=4), st.lists(NAMES, min_size=1, max_size=3), st.booleans())
def test_no_text_is_ever_changed_into_something_else(tree: dict[str, object], path: list[str], flow: bool) -> None:
    """Either exactly this value was set, or nothing was."""
    text = yaml.safe_dump(tree, default_flow_style=flow)
    plain = [name for name in path if name.isalpha()]
    if not plain:
        return
    try:
        changed = yaml.safe_load(assign(text, plain, "7"))
    except UneditableError:
        return
    for name in plain:
        changed = changed[name]
    assert changed == 7
