"""How well typed letters fit a text: for finding a thing among many by a few of its letters. Knows no Qt."""

from __future__ import annotations

WHOLE, WORD, INSIDE, SCATTERED = 100.0, 80.0, 50.0, 20.0  # a text that begins so, a word that does, and so on
GAP = 1.0  # less for every stretch of letters passed over


def fit(typed: str, text: str) -> tuple[float, tuple[int, ...]] | None:
    """(how well, which letters of ``text``), None where it does not hold every word of ``typed``.

    A word may stand there whole or with letters left out, as “tks1” in “Taylor KD, seed 1”; upper and lower case are the
    same. More is better; 0 where nothing is typed.
    """
    folded = text.lower()
    if len(folded) != len(text):  # some letters become two; places would be others
        folded = text
    score, places = 0.0, set[int]()
    for word in typed.lower().split():
        found = _fit_word(word, folded)
        if found is None:
            return None
        score += found[0]
        places.update(found[1])
    return score - 0.01 * len(text) * bool(score), tuple(sorted(places))


def _fit_word(word: str, text: str) -> tuple[float, range | list[int]] | None:
    at = text.find(word)
    if at >= 0:
        begins = at if _begins_a_word(text, at) else text.find(f" {word}") + 1
        if begins > 0 or _begins_a_word(text, at):
            return (WHOLE if begins == 0 else WORD), range(begins, begins + len(word))
        return INSIDE, range(at, at + len(word))
    places, gaps, at = list[int](), 0, -1
    for letter in word:
        after = at + 1
        at = text.find(letter, after)
        if at < 0:
            return None
        if at > after and (start := _next_word_with(text, letter, after)) >= 0 and places:
            at = start if _rest_fits(text, word[len(places) + 1 :], start) else at
        gaps += at > after
        places.append(at)
    return SCATTERED - GAP * gaps, places


def _begins_a_word(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()


def _next_word_with(text: str, letter: str, after: int) -> int:
    """Where the next word begins that has this first letter, -1 if none does."""
    at = text.find(letter, after)
    while at >= 0 and not _begins_a_word(text, at):
        at = text.find(letter, at + 1)
    return at


def _rest_fits(text: str, letters: str, after: int) -> bool:
    for letter in letters:
        after = text.find(letter, after + 1)
        if after < 0:
            return False
    return True
