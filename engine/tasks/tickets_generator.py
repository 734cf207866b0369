"""Writes the synthetic support tickets and their tokenizer: ``python -m engine.tasks.tickets_generator FOLDER``.

Knows only its phrases and its tokenizer. The same seed gives the same bytes on every machine: the only source of chance is
``random.Random.random``, whose sequence Python promises to keep.

How a ticket is made: a statement of its class, or one that two classes share; perhaps a request; perhaps a settled
matter of another class, which must be told apart from the open one; greetings, moods, typing mistakes. A shared
statement without a request is truly ambiguous, and some tickets carry a wrong label: no model scores 100 %.
"""

from __future__ import annotations

import csv
import random
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from engine.tasks import tickets_phrases as phrases
from engine.tasks.tickets_tokenizer import write_tokenizer

SEED = 20_240_517
ROWS = {"train": 2000, "validation": 400, "test": 400}
# Share of wrong labels: the training rows count as labelled in a hurry, the others as checked.
LABEL_NOISE = {"train": 0.12, "validation": 0.02, "test": 0.02}

T = TypeVar("T")


class Kept(dict[str, str]):
    """Words to put into a template, which leaves the slots it does not know as they are."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


class Writer:
    """Puts tickets together from one seeded stream of chance."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self._random.random() * len(options))]

    def ticket(self) -> tuple[str, str]:
        """One ticket: (text, class name)."""
        sentences, label = self._body()
        if self.chance(0.25):
            sentences.insert(0, self.pick(phrases.CONTEXTS))
        if self.chance(0.30):
            sentences.append(self.pick(phrases.MOODS))
        if self.chance(0.45):
            sentences.insert(0, self.pick(phrases.GREETINGS))
        if self.chance(0.40):
            sentences.append(self.pick(phrases.CLOSINGS))
        text = self._typed(self._filled(" ".join(sentences)))
        return text, label

    def mislabelled(self, label: str) -> str:
        """A wrong class: as often as not the one most easily confused with the right one."""
        others = [name for name in phrases.CLASSES if name != label]
        return phrases.CONFUSED_WITH[label] if self.chance(0.5) else self.pick(others)

    def _body(self) -> tuple[list[str], str]:
        """The sentences that matter, and the class they speak of."""
        label = self.pick(phrases.CLASSES)
        other = self.pick([name for name in phrases.CLASSES if name != label])
        kind = self._random.random()
        if kind < 0.28:
            return self._shared()
        if kind < 0.31:
            return self._refusal(label, other), label
        statement = self.pick(phrases.STATEMENTS[label])
        if kind < 0.34:
            minor = self.pick(phrases.STATEMENTS[other])
            return [self.pick(phrases.PRIORITIES).format_map(Kept(main=statement, minor=minor))], label
        sentences = [statement, self._request(label)] if self.chance(0.4) else [statement]
        if kind < 0.52:
            settled = self.pick(phrases.SETTLED[other])
            if self.chance(0.5):
                sentences = [settled, self.pick(phrases.TURNS), *sentences]
            else:
                sentences += [self.pick(phrases.AFTERTHOUGHTS), settled]
        elif kind < 0.63:
            denial = self.pick(phrases.DENIALS).format_map(Kept(topic=self.pick(phrases.TOPICS[other])))
            sentences.insert(0 if self.chance(0.5) else len(sentences), denial)
        return sentences, label

    def _shared(self) -> tuple[list[str], str]:
        """A statement that two classes share: a request decides in seven of ten tickets, in the others nothing does."""
        pair = self.pick(list(phrases.SHARED))
        statement = self.pick(phrases.SHARED[pair])
        if self.chance(0.7):
            label = self.pick(pair)
            return [statement, self._request(label)], label
        return [statement], pair[0] if self.chance(0.65) else pair[1]

    def _refusal(self, label: str, other: str) -> list[str]:
        """A request of the ticket's class beside a refused one of another, now and then after a statement they share."""
        wanted, unwanted = self.pick(phrases.REQUESTS[label]), self.pick(phrases.REQUESTS[other])
        sentence = self.pick(phrases.REFUSALS).format_map(Kept(wanted=wanted, unwanted=unwanted))
        shared = phrases.SHARED.get((label, other)) or phrases.SHARED.get((other, label))
        return [self.pick(shared), sentence] if shared else [sentence]

    def _request(self, label: str) -> str:
        return self.pick(phrases.ASKING).format_map(Kept(request=self.pick(phrases.REQUESTS[label])))

    def _filled(self, text: str) -> str:
        """Every ``{slot}`` replaced by words, no two slots of a ticket by the same ones."""
        used: set[str] = set()

        def fill(match: re.Match[str]) -> str:
            words = self._slot(match.group(1))
            while words in used:
                words = self._slot(match.group(1))
            used.add(words)
            return words

        return re.sub(r"\{(\w+)\}", fill, text)

    def _slot(self, name: str) -> str:
        number = int(self._random.random() * 900) + 10
        if name == "amount":
            return self.pick((f"{number} euros", f"${number}", f"{number % 100}.90 euros", f"{number} dollars"))
        if name == "code":
            return self.pick((f"{number}", f"E{number % 100}", "500", "404"))
        if name in ("order", "Order"):
            words = self.pick((f"order {number * 37}", "my order", "my last order", f"order number {number * 53}"))
            return words[0].upper() + words[1:] if name == "Order" else words
        return self.pick(phrases.SLOTS[name])

    def _typed(self, text: str) -> str:
        """The text as a person in a hurry types it: sometimes in lower case, sometimes with a slip."""
        if self.chance(0.18):
            text = text.lower()
        if self.chance(0.10):
            text = text.replace(".", "").replace(",", "")
        if self.chance(0.22):
            words = text.split(" ")
            long_words = [place for place, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
            for _ in range(2 if self.chance(0.3) else 1):
                if long_words:
                    place = self.pick(long_words)
                    words[place] = self._slip(words[place])
            text = " ".join(words)
        return text

    def _slip(self, word: str) -> str:
        """One typing mistake inside a word: two letters swapped, one left out, or one doubled."""
        at = 1 + int(self._random.random() * (len(word) - 2))
        return self.pick(
            (
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
            )
        )


def tickets(seed: int = SEED, rows: dict[str, int] = ROWS) -> dict[str, list[tuple[str, str]]]:
    """Split name → list of (text, class name). No text occurs twice, neither within a split nor across splits."""
    writer = Writer(seed)
    seen: set[str] = set()
    splits: dict[str, list[tuple[str, str]]] = {}
    for split, count in rows.items():
        splits[split] = []
        while len(splits[split]) < count:
            text, label = writer.ticket()
            if text.lower() not in seen:
                seen.add(text.lower())
                if writer.chance(LABEL_NOISE[split]):
                    label = writer.mislabelled(label)
                splits[split].append((text, label))
    return splits


def write_rows(folder: Path, seed: int = SEED) -> list[Path]:
    """Write ``tickets/<split>.csv`` (UTF-8, columns text and label) below ``folder``."""
    written = []
    for split, rows in tickets(seed).items():
        path = folder / "tickets" / f"{split}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            sheet = csv.writer(file, lineterminator="\n")
            sheet.writerow(("text", "label"))
            sheet.writerows(rows)
        written.append(path)
    return written


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m engine.tasks.tickets_generator FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    written = write_rows(folder) + write_tokenizer(folder, [text for text, _ in tickets()["train"]])
    print("\n".join(str(path) for path in written))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
