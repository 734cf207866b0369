"""Rows, tokens and batches. Knows tasks and tokenizers, nothing of losses, training or the store."""
