"""The tiny teacher, tokenizer and rows of the engine's tests, for the whole application."""

from tests.engine.conftest import tiny, toml

__all__ = ["tiny", "toml"]
