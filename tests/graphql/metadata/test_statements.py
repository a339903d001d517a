from __future__ import annotations

import pytest

from nself.graphql.metadata.statements import first_word, says_nothing, split_last, words


@pytest.mark.parametrize(
    ("script", "last"),
    [
        ("select 1", "select 1"),
        ("select 1;", "select 1"),
        ("select 1; select 2", " select 2"),
        ("select ';'; select 2;  -- done; really\n", " select 2"),
        ("select 1; select E'it\\'s; so';", " select E'it\\'s; so'"),
        ('select 1; select ";"', ' select ";"'),
        ("do $$ begin; end; $$; select 3", " select 3"),
        ("do $x$ a; $$ b; $x$; table t", " table t"),
        ("/* ; /* nested; */ ; */ select 4", "/* ; /* nested; */ ; */ select 4"),
        ("select $1; select a$b$c", " select a$b$c"),
    ],
)
def test_the_last_statement_is_found(script: str, last: str) -> None:
    before, found = split_last(script)
    assert found == last
    assert script.startswith(before + found)


@pytest.mark.parametrize("script", ["", " ;; ", "-- no\n;", "/* a; /* b */ */"])
def test_a_script_of_comments_says_nothing(script: str) -> None:
    assert says_nothing(script)
    assert not says_nothing(script + "(")


def test_an_empty_script_has_no_statement() -> None:
    assert first_word(split_last(" ; -- nothing\n ;")[1]) == ""


def test_the_verb_is_found_behind_comments_and_parentheses() -> None:
    assert first_word("/* drop */ -- alter\n ((SELECT 1))") == "select"


def test_only_bare_words_count() -> None:
    found = words("select 'drop' as \"alter\", $$create$$ -- comment\n from t")
    assert found == {"select", "as", "from", "t"}
