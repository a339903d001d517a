"""An entry goes into nself.yml as a person would write it there, and nothing else moves."""

from __future__ import annotations

import pytest

from nself.model.document_insert import insert, remove

FIELDS = {"template": "fastapi", "port": "8001"}
ENTRY = "  api:\n    template: fastapi\n    port: 8001\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"services:\n{ENTRY}"),
        ('version: "1"\n', f'version: "1"\n\nservices:\n{ENTRY}'),
        ("services:\n", f"services:\n{ENTRY}"),
        ("services:   # mine\nruntime: native\n", f"services:   # mine\n{ENTRY}runtime: native\n"),
        ("services: {}  # none yet\nruntime: native\n", f"services:  # none yet\n{ENTRY}runtime: native\n"),
        ("services:\n  web:\n    command: x # why\n", f"services:\n  web:\n    command: x # why\n{ENTRY}"),
        (
            "services:\n  web:\n    command: x\n    # of web\n\n# of the frontends\nfrontends:\n",
            f"services:\n  web:\n    command: x\n    # of web\n{ENTRY}\n# of the frontends\nfrontends:\n",
        ),
        ("services:\n  web:\n    env: {A: 1}\nx: 1", f"services:\n  web:\n    env: {{A: 1}}\n{ENTRY}x: 1\n"),
        ("services:\n  web:\n    needs:\n    - a\n", f"services:\n  web:\n    needs:\n    - a\n{ENTRY}"),
        ("services:\n  web:\n    env: |\n     x\n\nx: 1\n", f"services:\n  web:\n    env: |\n     x\n\n{ENTRY}x: 1\n"),
        ("services:\n  web:\n", f"services:\n  web:\n{ENTRY}"),
    ],
)  # fmt: skip
def test_it_stands_at_the_end_of_its_section(before: str, after: str) -> None:
    assert insert(before, "services", "api", FIELDS) == after


def test_it_is_indented_as_its_neighbours_are() -> None:
    before = "services:\n      web:\n        command: x\n"
    assert insert(before, "services", "api", {"template": "go"}) == f"{before}      api:\n        template: go\n"


def test_lines_end_as_they_did() -> None:
    assert insert("a: 1\r\n", "services", "api", {"port": "1"}) == "a: 1\r\n\r\nservices:\r\n  api:\r\n    port: 1\r\n"


@pytest.mark.parametrize(
    "text", ["services: {web: {command: x}}\n", "{services: {}}", "services: [a]\n", "services: x\n", "- a\n", "a: [\n"]
)
def test_a_form_without_a_place_for_it_is_left_to_the_user(text: str) -> None:
    assert insert(text, "services", "api", FIELDS) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"services:\n{ENTRY}", "services:\n"),
        (f"services:\n{ENTRY}  web:\n    port: 1\n", "services:\n  web:\n    port: 1\n"),
        (f"services:\n{ENTRY}    # of api\n  # of web\n  web:\n", "services:\n  # of web\n  web:\n"),
        (f"services:\r\n{ENTRY}x: 1\r\n".replace("\n", "\r\n").replace("\r\r", "\r"), "services:\r\nx: 1\r\n"),
        ("services:\n  api:\n    env: |\n     x\n\nx: 1\n", "services:\nx: 1\n"),
    ],
)
def test_an_entry_that_goes_takes_its_own_lines_only(before: str, after: str) -> None:
    assert remove(before, "services", "api") == after


@pytest.mark.parametrize("text", ["services: {api: {}}\n", "services:\n  web:\n", "{services: {}}", "a: [\n", ""])
def test_one_that_does_not_stand_there_by_itself_is_not_taken_out(text: str) -> None:
    assert remove(text, "services", "api") is None
