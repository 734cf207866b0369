"""The window of the studio: shows what the store holds and asks the engine for work. Never imports torch."""
