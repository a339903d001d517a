"""A million articles of made-up words, whose frequencies fall as those of a language do: the same in every run."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

VOCABULARY = 60_000
_ENDS = "nrstlmdk"
TABLE = """
CREATE TABLE articles (id bigint PRIMARY KEY, title text NOT NULL, body text NOT NULL, category text NOT NULL,
    price numeric NOT NULL, owner_id int NOT NULL)
"""
COLUMNS = ("id", "title", "body", "category", "price", "owner_id")


def vocabulary() -> list[str]:
    """Pronounceable words, all different; the n-th is about 1/n as frequent as the first."""
    chance, words = random.Random(1), dict[str, None]()
    while len(words) < VOCABULARY:
        syllables = (chance.choice("bcdfghjklmnprstvwz") + chance.choice("aeiou") for _ in range(chance.randint(2, 5)))
        words["".join(syllables) + chance.choice(_ENDS)] = None
    return list(words)


def rows(count: int) -> Iterator[tuple[int, str, str, str, int, int]]:
    """Articles of 5 words in the title and 35 in the body, cut from one long text."""
    chance, words = random.Random(2), vocabulary()
    scale = math.log(VOCABULARY)
    text = [words[int(math.exp(chance.random() * scale)) - 1] for _ in range(3_000_000)]
    for number in range(1, count + 1):
        start = chance.randrange(len(text) - 40)
        title, body = " ".join(text[start : start + 5]), " ".join(text[start + 5 : start + 40])
        yield number, title, body, f"c{number % 20}", number * 7919 % 10_000, number % 5000
