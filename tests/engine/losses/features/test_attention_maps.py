"""Maps from projections are the ones the model itself makes; masked rows stay finite; autocast changes nothing."""

from __future__ import annotations

import math

import pytest
import torch

from engine.losses.features.attention_maps import attention_divergence, attention_scores, log_attention, mean_of_heads

ROWS, TOKENS, HEADS, SIZE = 3, 5, 2, 4


def projections(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Query, key and a mask with rows of 5, 3 and 1 valid tokens."""
    query, key = torch.randn(
        2, ROWS, TOKENS, HEADS * SIZE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    return query, key, torch.arange(TOKENS)[None] < torch.tensor([5, 3, 1])[:, None]


def test_maps_are_those_of_transformers_own_bert() -> None:
    """A hook on query and key of every layer, against ``output_attentions`` of the eager attention in eval mode."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    shape = BertConfig(
        vocab_size=30, hidden_size=HEADS * SIZE, num_hidden_layers=3, num_attention_heads=HEADS, intermediate_size=16
    )
    model = BertModel._from_config(shape, attn_implementation="eager").eval()
    model.requires_grad_(False)
    for parameter in model.parameters():  # far from uniform maps
        parameter.mul_(4)
    caught: dict[str, torch.Tensor] = {}
    for number, layer in enumerate(model.encoder.layer, 1):
        for name in ("query", "key"):
            getattr(layer.attention.self, name).register_forward_hook(
                lambda module, given, found, at=f"{name}/{number}": caught.update({at: found})
            )
    _, _, mask = projections()
    tokens = torch.randint(0, 30, (ROWS, TOKENS), generator=torch.Generator().manual_seed(1))
    own = model(input_ids=tokens, attention_mask=mask.long(), output_attentions=True).attentions
    spread = 0.0
    for number, expected in enumerate(own, 1):
        found = log_attention(attention_scores(caught[f"query/{number}"], caught[f"key/{number}"], HEADS), mask).exp()
        valid = mask[:, None, :, None].expand_as(found)
        torch.testing.assert_close(found[valid], expected[valid], rtol=1e-5, atol=1e-6)
        spread = max(spread, expected[0].max().item())
    assert spread > 0.5  # the maps are not all alike, so that the comparison says something


def test_scores_are_scaled_dot_products_head_by_head() -> None:
    query, key, _ = projections()
    found = attention_scores(query, key, HEADS)
    for row, head, i, j in [(0, 0, 0, 4), (1, 1, 2, 0), (2, 1, 4, 4)]:
        part = slice(head * SIZE, (head + 1) * SIZE)
        expected = (query[row, i, part] * key[row, j, part]).sum().item() / math.sqrt(SIZE)
        assert found[row, head, i, j].item() == pytest.approx(expected, rel=1e-12)
    torch.testing.assert_close(mean_of_heads(found)[:, 0], (found[:, 0] + found[:, 1]) / 2)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_a_row_without_valid_tokens_stays_finite(dtype: torch.dtype) -> None:
    query, key, mask = projections()
    query, key = (1e4 * query).to(dtype).requires_grad_(), (1e4 * key).to(dtype).requires_grad_()
    mask = mask.clone()
    mask[0] = False
    logs = log_attention(attention_scores(query, key, HEADS), mask)
    assert logs.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    found = attention_divergence(logs.detach().roll(1, -2), logs, mask)
    found.backward()
    assert torch.isfinite(logs).all() and torch.isfinite(found)
    assert torch.isfinite(query.grad).all() and torch.isfinite(key.grad).all()
    assert logs.exp()[1][..., ~mask[1]].abs().max() == 0


def test_inside_autocast_nothing_is_rounded_to_16_bits() -> None:
    query, key, mask = (values.float() if values.is_floating_point() else values for values in projections())
    outside = log_attention(attention_scores(query, key, HEADS), mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = log_attention(attention_scores(query, key, HEADS), mask)
    assert torch.equal(inside, outside)


def test_divergence_is_kl_averaged_over_heads_and_valid_queries() -> None:
    (query, key, mask), (other, another, _) = projections(), projections(1)
    log_p, log_q = (log_attention(attention_scores(*pair, HEADS), mask) for pair in ((query, key), (other, another)))
    p, q = log_p.exp().numpy(), log_q.exp().numpy()
    total, queries = 0.0, 0
    for row in range(ROWS):
        valid = [token for token in range(TOKENS) if mask[row, token]]
        queries += len(valid)
        for head in range(HEADS):
            for i in valid:
                total += sum(p[row, head, i, j] * math.log(p[row, head, i, j] / q[row, head, i, j]) for j in valid)
    assert attention_divergence(log_p, log_q, mask).item() == pytest.approx(total / HEADS / queries, rel=1e-12)
    assert attention_divergence(log_p, log_p, mask).item() == 0
