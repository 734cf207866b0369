"""A BERT classifier in plain torch: weights, names and files are those of transformers' BertForSequenceClassification.

Importing transformers' model code takes longer than importing torch and brings torch's compiler, its distributed tensors,
sympy and scipy along, none of which a small encoder needs: a third of the CPU time of a short run. Students and teachers made
from scratch are of this class; models that come as a folder are loaded by transformers, which also reads what this writes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention
from torch.utils.checkpoint import checkpoint

from engine.models.shape import EncoderShape

DROPOUT = 0.1  # Devlin et al. 2019, appendix A.2
DEVIATION = 0.02  # of the first weights
EPSILON = 1e-12


class Settings(SimpleNamespace):
    """What the model's config.json says, under the names of transformers' BertConfig; ``labels`` are its words for the outputs."""

    def __init__(self, shape: EncoderShape, labels: dict[str, Any], padding: int) -> None:
        super().__init__(
            architectures=["BertForSequenceClassification"], model_type="bert", dtype="float32",
            vocab_size=shape.vocabulary, hidden_size=shape.hidden, num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads, intermediate_size=shape.feed_forward,
            max_position_embeddings=shape.positions, type_vocab_size=shape.token_types,
            hidden_act="gelu", hidden_dropout_prob=DROPOUT, attention_probs_dropout_prob=DROPOUT,
            classifier_dropout=None, initializer_range=DEVIATION, layer_norm_eps=EPSILON,
            pad_token_id=padding, bos_token_id=None, eos_token_id=None,
            is_decoder=False, add_cross_attention=False, use_cache=True, tie_word_embeddings=True,
            id2label=labels["id2label"], label2id=labels["label2id"], problem_type=labels["problem_type"],
        )  # fmt: skip

    # how transformers tells whether masks may come in their final shape
    _attn_implementation = "sdpa"

    @property
    def num_labels(self) -> int:
        return len(self.id2label)

    def to_dict(self) -> dict[str, Any]:
        """All of it, for config.json."""
        return {**vars(self), "transformers_version": version("transformers")}


@dataclass
class Answer:
    """``logits`` (rows, outputs)."""

    logits: Tensor


class Embeddings(nn.Module):
    """Word, position and token type, added up, normalised; (rows, tokens) to (rows, tokens, hidden)."""

    def __init__(self, shape: EncoderShape, padding: int) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(shape.vocabulary, shape.hidden, padding_idx=padding)
        self.position_embeddings = nn.Embedding(shape.positions, shape.hidden)
        self.token_type_embeddings = nn.Embedding(shape.token_types, shape.hidden)
        self.LayerNorm = nn.LayerNorm(shape.hidden, eps=EPSILON)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, tokens: Tensor, types: Tensor | None) -> Tensor:
        places = torch.arange(tokens.shape[1], device=tokens.device)[None]
        kinds = torch.zeros_like(tokens) if types is None else types
        found = self.word_embeddings(tokens) + self.token_type_embeddings(kinds) + self.position_embeddings(places)
        return self.dropout(self.LayerNorm(found))


class SelfAttention(nn.Module):
    """softmax(query · key / √size) · value, head by head."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self._heads = shape.heads
        self.query = nn.Linear(shape.hidden, shape.hidden)
        self.key = nn.Linear(shape.hidden, shape.hidden)
        self.value = nn.Linear(shape.hidden, shape.hidden)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        query, key, value = (
            part(states).unflatten(-1, (self._heads, -1)).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        drop = DROPOUT if self.training else 0.0
        return scaled_dot_product_attention(query, key, value, mask, drop).transpose(1, 2).flatten(2)


class Output(nn.Module):
    """A linear layer, dropout, what went in added, normalised."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=EPSILON)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, states: Tensor, before: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(states)) + before)


class Attention(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.self = SelfAttention(shape)
        self.output = Output(shape.hidden, shape.hidden)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        return self.output(self.self(states, mask), states)


class Intermediate(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.dense = nn.Linear(shape.hidden, shape.feed_forward)

    def forward(self, states: Tensor) -> Tensor:
        return gelu(self.dense(states))


class Layer(nn.Module):
    """One layer; with ``gradient_checkpointing`` its inside is computed again in the backward pass."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.gradient_checkpointing = False
        self.attention = Attention(shape)
        self.intermediate = Intermediate(shape)
        self.output = Output(shape.feed_forward, shape.hidden)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        if self.gradient_checkpointing and self.training:
            return checkpoint(self._inside, states, mask, use_reentrant=False)
        return self._inside(states, mask)

    def _inside(self, states: Tensor, mask: Tensor | None) -> Tensor:
        attended = self.attention(states, mask)
        return self.output(self.intermediate(attended), attended)


class Encoder(nn.Module):
    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(shape) for _ in range(shape.layers))

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        for layer in self.layer:
            states = layer(states, mask)
        return states


class Pooler(nn.Module):
    """The first token's state through a layer and tanh."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.dense = nn.Linear(shape.hidden, shape.hidden)

    def forward(self, states: Tensor) -> Tensor:
        return torch.tanh(self.dense(states[:, 0]))


class Body(nn.Module):
    """The encoder with its pooler; gives (states of the last layer, pooled)."""

    def __init__(self, shape: EncoderShape, padding: int) -> None:
        super().__init__()
        self.embeddings = Embeddings(shape, padding)
        self.encoder = Encoder(shape)
        self.pooler = Pooler(shape)

    def forward(self, tokens: Tensor, mask: Tensor | None, types: Tensor | None) -> tuple[Tensor, Tensor]:
        states = self.encoder(self.embeddings(tokens, types), _mask(mask))
        return states, self.pooler(states)


class BertClassifier(nn.Module):
    """The weights come from torch's generator and are those that transformers would draw.

    ``labels`` are transformers' settings for the outputs.
    """

    base_model_prefix = "bert"

    def __init__(self, shape: EncoderShape, labels: dict[str, Any], padding: int = 0) -> None:
        super().__init__()
        self.config = Settings(shape, labels, padding)
        self.bert = Body(shape, padding)
        _draw(self.bert)  # in the order in which transformers draws
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(shape.hidden, self.config.num_labels)
        _draw(self.classifier)

    @property
    def base_model(self) -> Body:
        return self.bert

    def get_input_embeddings(self) -> nn.Embedding:
        return self.bert.embeddings.word_embeddings

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Answer:
        """Logits of token ids (rows, tokens); a mask is (rows, tokens), or as ``models/forward.py`` makes it."""
        _, pooled = self.bert(input_ids, attention_mask, token_type_ids)
        return Answer(self.classifier(self.dropout(pooled)))

    def gradient_checkpointing_enable(self, settings: dict[str, Any] | None = None) -> None:
        """Let the layers recompute while they train."""
        for layer in self.bert.encoder.layer:
            layer.gradient_checkpointing = True  # type: ignore[assignment]

    def save_pretrained(self, folder: Path) -> None:
        """Write config.json and model.safetensors, as transformers reads and writes them."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.config.to_dict(), indent=2, sort_keys=True)
        (folder / "config.json").write_text(text + "\n", encoding="utf-8")
        weights = {name: value.detach().contiguous() for name, value in self.state_dict().items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _draw(part: nn.Module) -> None:
    """First weights: normal, the padding's and all biases 0."""
    with torch.no_grad():
        for module in part.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, 0.0, DEVIATION)
            if isinstance(module, nn.Linear):
                module.bias.zero_()
            elif isinstance(module, nn.Embedding) and module.padding_idx is not None:
                module.weight[module.padding_idx].zero_()


def _mask(mask: Tensor | None) -> Tensor | None:
    """A mask as attention takes it, bool (rows, 1, 1, tokens); None where nothing is left out and looking costs nothing."""
    if mask is None or mask.dim() == 4:
        return mask
    if mask.device.type == "cpu" and bool(mask.all()):
        return None
    return mask.bool()[:, None, None, :]
