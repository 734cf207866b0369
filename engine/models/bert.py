"""A BERT classifier in plain torch: weights, names and files are those of transformers' BertForSequenceClassification.

Importing transformers' model code takes longer than importing torch and brings torch's compiler, its distributed tensors,
sympy and scipy along, none of which an encoder needs: a third of the CPU time of a short run. Models made from scratch and
BERT models that come as a folder (``bert_folder.py``) are of this class; transformers reads what it writes.

The head reads the first token alone, so the last layer is computed for that one: of its products only keys and values are
needed of the others. Whoever reads inside the model asks for all of it (``reading_inside``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention
from torch.utils.checkpoint import checkpoint

from engine.models.bert_settings import BertSettings


@dataclass
class Answer:
    """``logits`` (rows, outputs)."""

    logits: Tensor


class Embeddings(nn.Module):
    """Word, position and token type, added up, normalised; (rows, tokens) to (rows, tokens, hidden)."""

    def __init__(self, said: BertSettings) -> None:
        super().__init__()
        hidden = said.hidden_size
        self.word_embeddings = nn.Embedding(said.vocab_size, hidden, padding_idx=said.pad_token_id)
        self.position_embeddings = nn.Embedding(said.max_position_embeddings, hidden)
        self.token_type_embeddings = nn.Embedding(said.type_vocab_size, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=said.layer_norm_eps)
        self.dropout = nn.Dropout(said.hidden_dropout_prob)

    def forward(self, tokens: Tensor, types: Tensor | None) -> Tensor:
        places = torch.arange(tokens.shape[1], device=tokens.device)[None]
        kinds = torch.zeros_like(tokens) if types is None else types
        found = self.word_embeddings(tokens) + self.token_type_embeddings(kinds) + self.position_embeddings(places)
        return self.dropout(self.LayerNorm(found))


class SelfAttention(nn.Module):
    """softmax(query · key / √size) · value, head by head; with ``first`` only the first token asks."""

    def __init__(self, said: BertSettings) -> None:
        super().__init__()
        self._heads, self._drop = said.num_attention_heads, said.attention_probs_dropout_prob
        self.query = nn.Linear(said.hidden_size, said.hidden_size)
        self.key = nn.Linear(said.hidden_size, said.hidden_size)
        self.value = nn.Linear(said.hidden_size, said.hidden_size)

    def forward(self, states: Tensor, mask: Tensor | None, first: bool = False) -> Tensor:
        asking = states[:, :1] if first else states
        query, key, value = (
            part(given).unflatten(-1, (self._heads, -1)).transpose(1, 2)
            for part, given in ((self.query, asking), (self.key, states), (self.value, states))
        )
        drop = self._drop if self.training else 0.0
        return scaled_dot_product_attention(query, key, value, mask, drop).transpose(1, 2).flatten(2)


class Output(nn.Module):
    """A linear layer, dropout, what went in added, normalised."""

    def __init__(self, width: int, said: BertSettings) -> None:
        super().__init__()
        self.dense = nn.Linear(width, said.hidden_size)
        self.LayerNorm = nn.LayerNorm(said.hidden_size, eps=said.layer_norm_eps)
        self.dropout = nn.Dropout(said.hidden_dropout_prob)

    def forward(self, states: Tensor, before: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(states)) + before)


class Attention(nn.Module):
    def __init__(self, said: BertSettings) -> None:
        super().__init__()
        self.self = SelfAttention(said)
        self.output = Output(said.hidden_size, said)

    def forward(self, states: Tensor, mask: Tensor | None, first: bool = False) -> Tensor:
        return self.output(self.self(states, mask, first), states[:, :1] if first else states)


class Intermediate(nn.Module):
    def __init__(self, said: BertSettings) -> None:
        super().__init__()
        self.dense = nn.Linear(said.hidden_size, said.intermediate_size)

    def forward(self, states: Tensor) -> Tensor:
        return gelu(self.dense(states))


class Layer(nn.Module):
    """One layer, (rows, tokens, hidden) to the same, or with ``first`` to the first token's (rows, 1, hidden).

    With ``gradient_checkpointing`` its inside is computed again in the backward pass.
    """

    def __init__(self, said: BertSettings) -> None:
        super().__init__()
        self.gradient_checkpointing = False
        self.attention = Attention(said)
        self.intermediate = Intermediate(said)
        self.output = Output(said.intermediate_size, said)

    def forward(self, states: Tensor, mask: Tensor | None, first: bool = False) -> Tensor:
        if self.gradient_checkpointing and self.training:
            return checkpoint(self._inside, states, mask, first, use_reentrant=False)
        return self._inside(states, mask, first)

    def _inside(self, states: Tensor, mask: Tensor | None, first: bool) -> Tensor:
        attended = self.attention(states, mask, first)
        return self.output(self.intermediate(attended), attended)


class Encoder(nn.Module):
    def __init__(self, said: BertSettings) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(said) for _ in range(said.num_hidden_layers))

    def forward(self, states: Tensor, mask: Tensor | None, first: bool = False) -> Tensor:
        last = len(self.layer) - 1
        for number, layer in enumerate(self.layer):
            states = layer(states, mask, first and number == last)
        return states


class Pooler(nn.Module):
    """The first token's state through a layer and tanh."""

    def __init__(self, said: BertSettings) -> None:
        super().__init__()
        self.dense = nn.Linear(said.hidden_size, said.hidden_size)

    def forward(self, states: Tensor) -> Tensor:
        return torch.tanh(self.dense(states[:, 0]))


class Body(nn.Module):
    """The encoder with its pooler; gives (states of the last layer, pooled), of the first token's states with ``first``."""

    def __init__(self, said: BertSettings) -> None:
        super().__init__()
        self.embeddings = Embeddings(said)
        self.encoder = Encoder(said)
        self.pooler = Pooler(said)

    def forward(
        self, tokens: Tensor, mask: Tensor | None, types: Tensor | None, first: bool = False
    ) -> tuple[Tensor, Tensor]:
        states = self.encoder(self.embeddings(tokens, types), _mask(mask), first)
        return states, self.pooler(states)


class BertClassifier(nn.Module):
    """The weights come from torch's generator and are those that transformers would draw.

    ``drawn`` is False where they are read from files afterwards; then only what ``draw`` is told is drawn.
    """

    base_model_prefix = "bert"
    reentrant = True
    """A pass changes nothing of the model, so that several threads may ask it at once. Transformers' models do not promise that:
    those with dynamic rotary positions change with the length of what they read."""

    def __init__(self, config: BertSettings, drawn: bool = True) -> None:
        super().__init__()
        self.config = config
        self._read_inside = 0
        self.bert = Body(config)
        if drawn:
            draw(self.bert, config.initializer_range)  # in the order in which transformers draws
        dropped = config.hidden_dropout_prob if config.classifier_dropout is None else config.classifier_dropout
        self.dropout = nn.Dropout(dropped)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        if drawn:
            draw(self.classifier, config.initializer_range)

    @property
    def first_alone(self) -> bool:
        """Whether the last layer is computed for the first token alone."""
        return not self._read_inside

    @property
    def base_model(self) -> Body:
        return self.bert

    def get_input_embeddings(self) -> nn.Embedding:
        return self.bert.embeddings.word_embeddings

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Answer:
        """Logits of token ids (rows, tokens); a mask is (rows, tokens), or as ``models/forward.py`` makes it."""
        _, pooled = self.bert(input_ids, attention_mask, token_type_ids, self.first_alone)
        return Answer(self.classifier(self.dropout(pooled)))

    def reading_inside(self, begins: bool) -> None:
        """Somebody begins, or ceases, to read what is inside: meanwhile every layer is computed for every token."""
        self._read_inside += 1 if begins else -1

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


def draw(part: nn.Module, deviation: float) -> None:
    """First weights: normal, the padding's and all biases 0."""
    with torch.no_grad():
        for module in part.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, 0.0, deviation)
            if isinstance(module, nn.Linear):
                module.bias.zero_()
            elif isinstance(module, nn.Embedding) and module.padding_idx is not None:
                module.weight[module.padding_idx].zero_()
            elif isinstance(module, nn.LayerNorm):
                module.reset_parameters()


def _mask(mask: Tensor | None) -> Tensor | None:
    """A mask as attention takes it, bool (rows, 1, 1, tokens); None where nothing is left out and looking costs nothing."""
    if mask is None or mask.dim() == 4:
        return mask
    if mask.device.type == "cpu" and bool(mask.all()):
        return None
    return mask.bool()[:, None, None, :]
