"""Ids and names as strangers send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nself.storage.errors import InputError
from nself.storage.names import base_name, disposition, file_id, header_text, text


@pytest.mark.parametrize(
    "text", ["", "..", "../../etc/passwd", "f215cf48", "f215cf48-7458-4596-9aa5-2159fc6a3ca\x00", "g" * 32, "é" * 32]
)
def test_only_a_uuid_is_an_id(text: str) -> None:
    with pytest.raises(InputError, match="invalid input syntax for type uuid"):
        file_id(text)


@pytest.mark.parametrize("text", ["F215CF48-7458-4596-9AA5-2159FC6A3CAF", "{f215cf48745845969aa52159fc6a3caf}"])
def test_every_spelling_of_an_id_means_the_same_file(text: str) -> None:
    assert file_id(text) == "f215cf48-7458-4596-9aa5-2159fc6a3caf"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("a.txt", "a.txt"), ("../../a.txt", "a.txt"), ("C:\\Users\\me\\a.txt", "a.txt"), ("/", ""), ("..", "..")],
)
def test_folders_in_a_parts_file_name_are_dropped(sent: str, kept: str) -> None:
    assert base_name(sent) == kept


def test_a_name_is_given_twice_once_encoded_as_clients_of_nhost_expect() -> None:
    assert disposition('my "best" photo é.png') == (
        "inline; filename=\"my+%22best%22+photo+%C3%A9.png\"; filename*=UTF-8''my%20%22best%22%20photo%20%C3%A9.png"
    )


@given(st.text())
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    for value in (disposition(name), header_text(name)):
        assert value.isascii()
        assert value.isprintable() or value == ""
    assert disposition(name).count('"') == 2


def test_a_name_without_end_is_shown_by_its_end() -> None:
    header = disposition("x" * 1_000_000 + ".png")
    assert len(header) < 1000
    assert header.endswith(".png")


def test_text_for_postgresql_has_no_null_character() -> None:
    assert text("a\nü") == "a\nü"
    with pytest.raises(InputError, match="null"):
        text("a\0b")
