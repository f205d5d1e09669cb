"""Text as search compares it: one form, one case, one kind of space."""

import unicodedata


def fold(text: str) -> str:
    """Return NFKC, case-folded text with runs of white space made one space."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def grams(text: str) -> frozenset[str]:
    """Return the three-letter pieces of each word, without accents; words are padded."""
    bare = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", fold(text))
        if not unicodedata.combining(letter)
    )
    padded = (f"  {word} " for word in "".join(_space_out(bare)).split())
    return frozenset(word[i : i + 3] for word in padded for i in range(len(word) - 2))


def _space_out(text: str) -> list[str]:
    return [letter if letter.isalnum() else " " for letter in text]
