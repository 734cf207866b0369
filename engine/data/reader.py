"""A tokenizer that reads a run's rows, each text once: what was read before comes from the cache. Knows no model and no batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.array_cache import ArrayCache, Made, StopAsked, key_of
from engine.data.tokenising import Encoding, encode, tell_truncation

FORMAT = 1  # grows when the way texts become tokens changes: what was kept before is then not found


class Reader:
    """Reads texts through ``tokenizer``, cut to ``max_length`` tokens; keeps them where there is a ``cache``.

    The tokenizer is left as if it had read them itself, so that a copy of it that is kept does not depend on the cache.
    """

    def __init__(
        self,
        tokenizer: Any,
        max_length: int,
        cache: ArrayCache | None,
        stop_requested: Callable[[], bool] = lambda: False,
    ) -> None:
        self._tokenizer = tokenizer
        self._max_length = max_length
        self._cache = cache
        self._stop_requested = stop_requested
        self._identity = tokenizer_hash(tokenizer) if cache is not None else None

    def read(self, texts: Sequence[Sequence[str]], task: str, split: str) -> Encoding:
        """Encode one or two columns of texts. ``task`` and ``split`` are only for those who look into the cache.

        Raises StopAsked if a stop was asked for meanwhile.
        """
        if self._cache is None or self._identity is None:
            return self._encode(texts)
        parts = {
            "kind": "tokens",
            "format": FORMAT,
            "tokenizer": self._identity,
            "texts": texts_hash(texts),
            "max_length": self._max_length,
        }

        def make() -> Made:
            encoding = self._encode(texts)
            name = str(getattr(self._tokenizer, "name_or_path", ""))
            about = {"kind": "tokens", "task": task, "split": split, "rows": len(encoding), "tokenizer": name}
            numbers = {"cut": encoding.cut, "padding": encoding.padding, "padding_type": encoding.padding_type}
            return _arrays(encoding), about | numbers

        kept = self._cache.fetch(key_of(parts), make, f"the tokens of {split}", self._stop_requested)
        tell_truncation(self._tokenizer, self._max_length)
        numbers = {name: int(kept.about[name]) for name in ("cut", "padding", "padding_type")}
        return Encoding(
            kept.arrays["tokens"], kept.arrays.get("token_types"), kept.arrays["starts"], **numbers
        )  # fmt: skip

    def _encode(self, texts: Sequence[Sequence[str]]) -> Encoding:
        def after_part(rows_done: int) -> None:
            if self._stop_requested():
                raise StopAsked

        return encode(self._tokenizer, texts, self._max_length, after_part)


def tokenizer_hash(tokenizer: Any) -> str | None:
    """SHA-256 of everything that decides what a fast tokenizer makes of a text; None for another kind, which cannot be told.

    Where the tokenizer lies does not matter, nor what it was told to cut before.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return None
    backend.no_truncation()
    backend.no_padding()
    settings = [
        type(tokenizer).__name__,
        tokenizer.truncation_side,
        tokenizer.model_input_names,
        tokenizer.pad_token_id,
        getattr(tokenizer, "pad_token_type_id", 0),
        getattr(tokenizer, "split_special_tokens", False),
        version("tokenizers"),
        version("transformers"),
    ]
    return hashlib.sha256((repr(settings) + backend.to_str()).encode("utf-8", "surrogatepass")).hexdigest()


def texts_hash(texts: Sequence[Sequence[str]]) -> str:
    """SHA-256 of columns of texts: their lengths, then all of them end to end."""
    digest = hashlib.sha256(np.array([len(texts), *map(len, texts)], np.int64).tobytes())
    for column in texts:
        digest.update(np.fromiter(map(len, column), np.int64, len(column)).tobytes())
        digest.update("".join(column).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _arrays(encoding: Encoding) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"tokens": encoding.tokens, "starts": encoding.starts}
    return arrays if encoding.token_types is None else {**arrays, "token_types": encoding.token_types}
