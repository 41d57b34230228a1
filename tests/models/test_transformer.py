"""The transformer of chapter 14 against torch's own modules, piece by piece, and against what its masks promise."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from primer.models import transformer
from primer.models.transformer import Config, Heads, Layer, Transformer

B, T, R, D, A, M = 3, 5, 7, 12, 4, 20


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def copy(mine: Heads, theirs: nn.MultiheadAttention) -> None:
    theirs.in_proj_weight.data, theirs.in_proj_bias.data = mine.project.weight.data, mine.project.bias.data
    theirs.out_proj.load_state_dict(mine.out.state_dict())


def copy_layer(mine: Layer, theirs: nn.Module, cross: bool) -> None:
    copy(mine.attend, theirs.self_attn)
    pairs = [(mine.norm1, theirs.norm1), (mine.feed[0], theirs.linear1), (mine.feed[2], theirs.linear2)]
    pairs += [(mine.norm2, theirs.norm2), (mine.norm3, theirs.norm3)] if cross else [(mine.norm3, theirs.norm2)]
    for own, other in pairs:
        other.load_state_dict(own.state_dict())
    if cross:
        copy(mine.cross, theirs.multihead_attn)


def shaken(module: nn.Module) -> nn.Module:
    """Every parameter random, also those that start at 0 or 1."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module


def test_attention_equals_torch():
    q, k, v = torch.randn(B, T, D), torch.randn(B, R, D), torch.randn(B, R, D)
    some = torch.rand(B, T, R) > 0.5
    some[..., 0] = True
    for mask in (None, some):
        mixed, weights = transformer.attention(q, k, v, mask)
        assert torch.allclose(mixed, F.scaled_dot_product_attention(q, k, v, attn_mask=mask), atol=1e-6)
        assert torch.allclose(weights.sum(-1), torch.ones(B, T))
    assert (weights[~some] == 0).all()


def test_attention_by_hand():
    """Scores 0 and log 3 after scaling: weights 1/4 and 3/4."""
    q, k, v = torch.tensor([[2.0]]), torch.tensor([[0.0], [math.log(3) / 2]]), torch.tensor([[4.0], [8.0]])
    mixed, weights = transformer.attention(q, k, v)
    assert weights[0].tolist() == pytest.approx([0.25, 0.75])
    assert mixed.item() == pytest.approx(7)


def test_causal_attention_equals_torch():
    q, k, v = torch.randn(3, B, T, D)
    mixed, _ = transformer.attention(q, k, v, transformer.causal(T))
    assert torch.allclose(mixed, F.scaled_dot_product_attention(q, k, v, is_causal=True), atol=1e-6)


@pytest.mark.parametrize("cross", [False, True])
def test_heads_equal_torch(cross):
    mine, theirs = shaken(Heads(D, A)), nn.MultiheadAttention(D, A, batch_first=True)
    copy(mine, theirs)
    x, memory = torch.randn(B, T, D), torch.randn(B, R, D)
    hidden = torch.zeros(B, R if cross else T, dtype=torch.bool)
    hidden[1, -2:] = True
    mixed, weights = mine(x, memory if cross else None, ~hidden[:, None, None])
    read = memory if cross else x
    want, want_weights = theirs(x, read, read, key_padding_mask=hidden, average_attn_weights=False)
    assert torch.allclose(mixed, want, atol=1e-5) and torch.allclose(weights, want_weights, atol=1e-6)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="12 numbers, which 5"):
        Heads(12, 5)


def test_the_encoder_layer_equals_torch():
    mine, theirs = shaken(Layer(D, A, M)), nn.TransformerEncoderLayer(D, A, M, 0.0, batch_first=True, norm_first=True)
    copy_layer(mine, theirs, cross=False)
    x, hidden = torch.randn(B, T, D), torch.zeros(B, T, dtype=torch.bool)
    hidden[0, 3:] = True
    assert torch.allclose(mine(x, ~hidden[:, None, None]), theirs(x, src_key_padding_mask=hidden), atol=1e-4)


def test_the_decoder_layer_equals_torch():
    mine = shaken(Layer(D, A, M, cross=True))
    theirs = nn.TransformerDecoderLayer(D, A, M, 0.0, batch_first=True, norm_first=True)
    copy_layer(mine, theirs, cross=True)
    x, memory, hidden = torch.randn(B, T, D), torch.randn(B, R, D), torch.zeros(B, R, dtype=torch.bool)
    hidden[2, 4:] = True
    mask = transformer.causal(T)
    want = theirs(x, memory, tgt_mask=~mask, memory_key_padding_mask=hidden)
    assert torch.allclose(mine(x, mask, memory, ~hidden[:, None, None]), want, atol=1e-4)


def test_positions_are_the_papers():
    table = transformer.positions(6, 8)
    for t in (0, 1, 5):
        for i in range(4):
            angle = t / 10_000 ** (2 * i / 8)
            assert table[t, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[t, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)
    assert torch.allclose(transformer.positions(2, 8, first=4), table[4:])
    # how alike two places are depends on their distance alone
    product = table @ table.T
    assert torch.allclose(torch.diagonal(product, 2), product[0, 2].expand(4), atol=1e-5)


def test_nobody_sees_the_future_or_the_padding():
    model = Transformer(Config(V=9, D=D, A=A, M=M))
    x, y = torch.randint(1, 9, (B, R)), torch.randint(1, 9, (B, T))
    before = model(y, x)
    later = y.clone()
    later[:, 3:] = (later[:, 3:] + 1) % 9
    assert torch.allclose(model(later, x)[:, :3], before[:, :3], atol=1e-6)
    assert not torch.allclose(model(later, x)[:, 3:], before[:, 3:], atol=1e-3)
    filled = torch.cat([x, torch.zeros(B, 4, dtype=torch.long)], dim=1)
    assert torch.allclose(model(y, filled), before, atol=1e-5)


def test_without_positions_order_is_invisible():
    """The encoder turns a reordered input into the reordered output, unless positions are added."""
    layer, x, order = Layer(D, A, M), torch.randn(1, T, D), torch.randperm(T)
    assert torch.allclose(layer(x[:, order]), layer(x)[:, order], atol=1e-5)
    placed = x + transformer.positions(T, D)
    assert not torch.allclose(layer(x[:, order] + transformer.positions(T, D)), layer(placed)[:, order], atol=1e-2)


def test_a_decoder_alone_has_nothing_to_read():
    model = Transformer(Config(V=9, D=D, A=A, M=M, encoder=0))
    y = torch.randint(9, (B, T))
    assert model(y).shape == (B, T, 9)
    assert "cross" not in " ".join(name for name, _ in model.named_modules())
    with pytest.raises(ValueError, match="decoder alone"):
        model(y, y)


def test_maps_are_those_of_every_attention():
    model = Transformer(Config(V=9, D=D, A=A, M=M, encoder=2))
    x, y = torch.randint(1, 9, (B, R)), torch.randint(1, 9, (B, T))
    x[1, 5:] = 0
    found = transformer.maps(model, y, x)
    shapes = {name: tuple(weights.shape) for name, weights in found.items()}
    assert shapes == {
        "encoder.0.attend": (B, A, R, R), "encoder.1.attend": (B, A, R, R),
        "decoder.0.attend": (B, A, T, T), "decoder.0.cross": (B, A, T, R),
    }  # fmt: skip
    assert all(torch.allclose(weights.sum(-1), torch.ones(())) for weights in found.values())
    assert (found["decoder.0.cross"][1, ..., 5:] == 0).all() and (found["decoder.0.attend"].triu(1) == 0).all()
    assert not any(module._forward_hooks for module in model.modules())
