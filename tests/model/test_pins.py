"""images.lock: what is written is read again, and what is no pin is told with its line."""

from __future__ import annotations

from nself.model import pins

DIGEST = "sha256:" + "0a" * 32


def test_what_is_written_is_read_again_in_one_order() -> None:
    text = pins.dump({"redis:7": DIGEST, "a/b:1": DIGEST})
    assert text.splitlines()[-2:] == [f"a/b:1 {DIGEST}", f"redis:7 {DIGEST}"]
    assert pins.parse(text) == ({"redis:7": DIGEST, "a/b:1": DIGEST}, [])


def test_a_line_that_is_no_pin_is_a_problem() -> None:
    found, problems = pins.parse(f"redis:7 {DIGEST}\n\nredis:8\n<<<<<<< ours\n")
    assert found == {"redis:7": DIGEST}
    assert [(problem.path, problem.line) for problem in problems] == [("redis:8", 3), ("<<<<<<<", 4)]


def test_an_image_with_a_digest_keeps_it() -> None:
    known = {"redis:7": DIGEST}
    assert pins.pinned("redis:7", known) == f"redis:7@{DIGEST}"
    assert pins.pinned("redis:7@sha256:other", known) == "redis:7@sha256:other"
    assert pins.pinned("redis:8", known) == "redis:8"
