from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nself.model import dotenv
from nself.model.dotenv import Reference, assign, parse, quote


def values(text: str) -> dict[str, str]:
    """{key: text} of a file without references, which must have no problems."""
    parsed = parse(text, ".env")
    assert not parsed.problems
    return {entry.key: "".join(part for part in entry.parts if isinstance(part, str)) for entry in parsed.entries}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  export   A = b  ", "b"),
        ("A=", ""),
        ("A=   # nothing", ""),
        ("A=#not-a-comment", "#not-a-comment"),
        ("A=x#y # z", "x#y"),
        ("A=two words", "two words"),
        ("A='lit ${B} # \\n'", "lit ${B} # \\n"),
        (r"A='it\'s'", "it's"),
        (r'A="tab\there \"q\" \$x \z"', 'tab\there "q" $x \\z'),
        ('A="x" # c', "x"),
        ("A=$HOME/x", "$HOME/x"),
        ("A=mid'quote", "mid'quote"),
    ],
)
def test_a_line_says_its_value(line: str, value: str) -> None:
    assert values(line) == {"A": value}


def test_a_quoted_value_may_span_lines_and_lines_are_still_counted() -> None:
    parsed = parse("A=\"one\n two\"\n\n# c\nB='x\r\ny'\r\nC=3", ".env")
    assert [(entry.key, entry.line) for entry in parsed.entries] == [("A", 1), ("B", 5), ("C", 7)]
    assert parsed.entries[0].parts == ("one\n two",)
    assert parsed.entries[1].parts == ("x\ny",)


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_values() -> None:
    assert values("\ufeffA=1\r\nB=2\r\n") == {"A": "1", "B": "2"}


def test_references_are_kept_with_their_defaults() -> None:
    (entry,) = parse('A="x${B}-${C:-d ${E:-f}}"', ".env").entries
    assert entry.parts == ("x", Reference("B"), "-", Reference("C", ("d ", Reference("E", ("f",)))))


def test_every_broken_line_is_reported_and_the_rest_is_read() -> None:
    parsed = parse('A=1\nnonsense\n1X=2\nB="open\nC="x" y\nD=${\nE=${F:?x}\nG=7\n', ".env")
    assert [(problem.path, problem.line) for problem in parsed.problems] == [
        (".env", 2),
        (".env", 3),
        ("B", 4),
        ("C", 5),
        ("D", 6),
        ("E", 7),
    ]
    assert {"A", "G"} <= {entry.key for entry in parsed.entries}
    assert all(problem.file == ".env" for problem in parsed.problems)


def test_a_problem_never_shows_the_value() -> None:
    (problem,) = parse("PASSWORD='hunter2' oops", ".env").problems
    assert "hunter2" not in str(problem)
    assert problem.path == "PASSWORD"


def test_a_duplicate_key_is_a_warning_that_names_the_line_that_lost() -> None:
    (warning,) = parse("A=1\nB=2\nA=3", ".env").warnings
    assert str(warning) == ".env:3: A: is set again; the value of line 1 is lost"


@pytest.mark.parametrize("line", ["A=$(rm -rf /)", "A=`id`", 'A="$(id)"'])
def test_a_command_is_plain_text_with_a_warning(line: str) -> None:
    parsed = parse(line, ".env")
    (warning,) = parsed.warnings
    assert "never run" in warning.message
    assert parsed.entries[0].parts == (line.removeprefix("A=").strip('"'),)


def test_in_single_quotes_a_command_needs_no_warning() -> None:
    assert parse("A='$(id)'", ".env").warnings == ()


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@example("'\"\\${X}$(y)`\r\n\t# ")
@example("\ufeff")
@example("a\r")
def test_what_is_quoted_reads_back_as_itself(value: str) -> None:
    assert values(f"A={quote(value)}\nB=1") == {"A": value, "B": "1"}


@given(st.text(alphabet=st.sampled_from("AB=\"'\\${}:-# \n\r\t`(x"), max_size=60))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    parsed = parse(text, ".env")
    for entry in parsed.entries:
        start, end = entry.span
        assert 0 <= start <= end <= len(text)


@given(st.text(max_size=200))
def test_no_unicode_makes_the_reader_fail(text: str) -> None:
    parse(text, ".env")


def test_deeply_nested_defaults_are_refused() -> None:
    (problem,) = parse("A=" + "${X:-" * 5000 + "}" * 5000, ".env").problems
    assert "nested too deeply" in problem.message


def test_assigning_changes_nothing_else() -> None:
    text = "# top\r\nA=1   # keep\r\nexport B='x\ny' # two\r\n\r\nC=3"
    assert assign(text, ".env", "A", "2") == text.replace("A=1 ", "A=2 ")
    assert assign(text, ".env", "B", "it's") == text.replace("'x\ny'", '"it\'s"')
    assert assign(text, ".env", "D", "a b") == text + "\r\nD='a b'\r\n"


def test_assigning_a_duplicated_key_changes_the_one_that_counts() -> None:
    assert assign("A=1\nA=2\n", ".env", "A", "3") == "A=1\nA=3\n"


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.sampled_from("AB"))
def test_an_assigned_value_is_the_one_that_is_read(value: str, key: str) -> None:
    text = "A=1\nB=2 # c"
    read = values(assign(text, ".env", key, value))
    assert read == {**values(text), key: value}


def test_a_nul_cannot_be_quoted() -> None:
    with pytest.raises(ValueError, match="NUL"):
        dotenv.quote("a\0b")
