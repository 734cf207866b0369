"""What config.json says of a BERT classifier, under the names of transformers' BertConfig. Torch-free.

transformers' own class would do the same, but importing it imports transformers' models with it.
"""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

from engine.models.shape import EncoderShape

DEFAULTS: dict[str, Any] = {  # Devlin et al. 2019, §3 and appendix A.2, as transformers spells them
    "architectures": ["BertForSequenceClassification"], "model_type": "bert", "dtype": "float32",
    "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "max_position_embeddings": 512, "type_vocab_size": 2,
    "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "classifier_dropout": None,
    "initializer_range": 0.02, "layer_norm_eps": 1e-12, "pad_token_id": 0, "bos_token_id": None, "eos_token_id": None,
    "is_decoder": False, "add_cross_attention": False, "use_cache": True, "tie_word_embeddings": True,
}  # fmt: skip
_LEFT_OUT = (  # of former versions, or said elsewhere
    "torch_dtype", "transformers_version", "_name_or_path", "position_embedding_type", "num_labels",
    "chunk_size_feed_forward",
)  # fmt: skip


class BertSettings(SimpleNamespace):
    """All of a config.json. ``labels`` are transformers' settings for the outputs: num_labels, id2label …"""

    _attn_implementation = "sdpa"  # how transformers tells whether masks may come in their final shape

    def __init__(self, said: dict[str, Any], labels: dict[str, Any]) -> None:
        kept = {name: value for name, value in {**said, **labels}.items() if name not in _LEFT_OUT}
        kept["id2label"], kept["label2id"] = words_of({**said, **labels})
        fixed = {"architectures": DEFAULTS["architectures"], "dtype": DEFAULTS["dtype"]}
        super().__init__(**{**DEFAULTS, "problem_type": None, **kept, **fixed})

    @classmethod
    def of_shape(cls, shape: EncoderShape, labels: dict[str, Any], padding: int = 0) -> BertSettings:
        """Those of a model from scratch; ``padding`` is the tokenizer's padding token."""
        return cls({**_sizes(shape), "pad_token_id": padding}, labels)

    @property
    def num_labels(self) -> int:
        return len(self.id2label)

    def reshaped(self, shape: EncoderShape, labels: dict[str, Any]) -> BertSettings:
        """The same for a model of another shape and outputs."""
        return BertSettings({**vars(self), **_sizes(shape)}, labels)

    def to_dict(self) -> dict[str, Any]:
        """All of it, for config.json."""
        return {**vars(self), "transformers_version": version("transformers")}


def words_of(said: dict[str, Any]) -> tuple[dict[int, str], dict[str, int]]:
    """The outputs' words by number, and back, as transformers reads them: two outputs where nothing is said."""
    words = said.get("id2label")
    if not isinstance(words, dict) or not words:
        count = said.get("num_labels", 2)
        words = {number: f"LABEL_{number}" for number in range(count if isinstance(count, int) else 2)}
    named = {int(number): str(word) for number, word in words.items()}
    back = said.get("label2id")
    return named, back if isinstance(back, dict) and back else {word: number for number, word in named.items()}


def _sizes(shape: EncoderShape) -> dict[str, int]:
    return {
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.feed_forward,
        "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.token_types,
    }
