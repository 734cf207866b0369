"""Operations and bytes of one training step of a BERT classifier, counted from its shape. Measures nothing, knows no torch."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.shape import EncoderShape, default_feed_forward, default_heads

BYTES = 4  # of a float32


@dataclass(frozen=True)
class StepSize:
    """Rows of a step, tokens each row is padded to, and the classifier's outputs."""

    rows: int
    length: int
    outputs: int = 2

    @property
    def tokens(self) -> int:
        return self.rows * self.length


def shape_of(architecture: str, vocabulary: int) -> EncoderShape:
    """The shape the product gives a student ``LxH`` with random weights."""
    layers, hidden = (int(part) for part in architecture.split("x"))
    return EncoderShape(layers, hidden, default_heads(hidden), default_feed_forward(hidden), vocabulary)


def step_operations(shape: EncoderShape, size: StepSize) -> int:
    """Floating point operations of forward and backward, a multiplication and an addition counting as two.

    6 · (weights in matrix products) · tokens: 2 forward, 4 backward (Kaplan et al. 2020, “Scaling Laws”, §2.1), the pooler
    and the head seeing one token a row; attention's two products are 4·rows·length²·hidden a layer forward, and twice
    that backward. Of the last layer, whose first token alone is read, the other tokens need keys and values only, and one
    token a row asks. Looking up embeddings, softmax, norms, activations and the optimiser count nothing.
    """
    hidden, whole = shape.hidden, shape.layers - 1
    keys_and_values = 2 * hidden * hidden
    rest = 2 * hidden * hidden + 2 * hidden * shape.feed_forward
    linear = 6 * (whole * (keys_and_values + rest) + keys_and_values) * size.tokens + 6 * rest * size.rows
    attention = 12 * (whole * size.length + 1) * size.tokens * hidden
    head = 6 * (hidden * hidden + hidden * size.outputs) * size.rows
    return linear + attention + head


def step_bytes(parameters: int) -> int:
    """Bytes a step must move for the weights alone, in float32, activations and the batch left out.

    44 a parameter: AdamW reads weight, gradient and two moments and writes all but the gradient (28); the gradient is
    written (4), read for its norm (4), and read and written where it is clipped (8).
    """
    return 11 * BYTES * parameters
