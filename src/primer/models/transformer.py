"""The transformer, piece by piece: attention, heads, positions, layers, encoder and decoder (chapter 14).

Vaswani et al. (2017), with layer normalisation before each part and not after it (Xiong et al., 2020). Axes: B
sequences, T positions, R positions that are read where these are others, D numbers a position, A heads, M hidden units,
V tokens. Masks are True where one may look.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    """Sizes: V tokens, D numbers a position (even, a multiple of A), A heads, M hidden units, and layers.

    encoder = 0 gives a decoder alone. padding: the token that only fills up; nothing looks at it.
    """

    V: int
    D: int = 64
    A: int = 4
    M: int = 128
    encoder: int = 1
    decoder: int = 1
    padding: int = 0


def positions(T: int, D: int, first: int = 0) -> Tensor:
    """Sines and cosines of the places first, ..., first + T - 1, (T, D): wavelengths from 2 pi to almost 20,000 pi.

    Vaswani et al. (2017), section 3.5. Even columns are sines, odd ones cosines.
    """
    t = torch.arange(first, first + T)[:, None]  # (T, 1)
    angle = t / 10_000 ** (torch.arange(0, D, 2) / D)  # (T, D / 2)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)


def causal(T: int) -> Tensor:
    """Who may look at whom in a text that is being written, (T, T): a position at itself and those before it."""
    return torch.ones(T, T, dtype=torch.bool).tril()


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Scaled dot products: q (..., T, C), k and v (..., R, C) -> mixed values (..., T, C), weights (..., T, R).

    mask: what can be broadcast to (..., T, R); each row needs one True. Vaswani et al. (2017), equation 1.
    """
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(-1)
    return weights @ v, weights


class Heads(nn.Module):
    """Several attentions side by side, each on its own D / A numbers: what `nn.MultiheadAttention` computes.

    `project` holds the weights of queries, keys and values one below the other, `out` mixes the heads.
    """

    def __init__(self, D: int, A: int) -> None:
        super().__init__()
        if D % A:
            raise ValueError(f"The heads share {D} numbers, which {A} does not divide: choose another number of heads.")
        self.A = A
        self.project, self.out = nn.Linear(D, 3 * D), nn.Linear(D, D)

    def forward(self, x: Tensor, memory: Tensor | None = None, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x (B, T, D) looks at memory (B, R, D), or at itself -> (B, T, D) and weights (B, A, T, R)."""
        if memory is None:
            q, k, v = self.project(x).chunk(3, dim=-1)
        else:
            D, W, b = x.shape[-1], self.project.weight, self.project.bias
            q = F.linear(x, W[:D], b[:D])
            k, v = F.linear(memory, W[D:], b[D:]).chunk(2, dim=-1)
        q, k, v = (part.unflatten(-1, (self.A, -1)).transpose(1, 2) for part in (q, k, v))  # (B, A, T or R, D / A)
        mixed, weights = attention(q, k, v, mask)
        return self.out(mixed.transpose(1, 2).flatten(2)), weights


class Layer(nn.Module):
    """One layer on the residual stream x (B, T, D): attention, then a network for each position, both added to x.

    With `cross` it also looks at a memory (B, R, D), like `nn.TransformerDecoderLayer`; without it is like
    `nn.TransformerEncoderLayer`, both with norm_first=True.
    """

    def __init__(self, D: int, A: int, M: int, cross: bool = False) -> None:
        super().__init__()
        self.norm1, self.attend = nn.LayerNorm(D), Heads(D, A)
        if cross:
            self.norm2, self.cross = nn.LayerNorm(D), Heads(D, A)
        self.norm3, self.feed = nn.LayerNorm(D), nn.Sequential(nn.Linear(D, M), nn.ReLU(), nn.Linear(M, D))

    def forward(
        self, x: Tensor, mask: Tensor | None = None, memory: Tensor | None = None, memory_mask: Tensor | None = None
    ) -> Tensor:
        x = x + self.attend(self.norm1(x), mask=mask)[0]
        if memory is not None:
            x = x + self.cross(self.norm2(x), memory, memory_mask)[0]
        return x + self.feed(self.norm3(x))


Memory = tuple[Tensor, Tensor]  # what an encoder hands over: (B, R, D), and where one may look in it (B, 1, 1, R)


class Transformer(nn.Module):
    """Encoder and decoder, or a decoder alone: x (B, R) and y (B, T) tokens -> log-odds (B, T, V) of each next token.

    x is read as a whole; y is what has been written so far, of which each position sees itself and those before it.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        c = self.config = config
        self.embed = nn.Embedding(c.V, c.D)
        self.encoder = nn.ModuleList(Layer(c.D, c.A, c.M) for _ in range(c.encoder))
        self.decoder = nn.ModuleList(Layer(c.D, c.A, c.M, cross=c.encoder > 0) for _ in range(c.decoder))
        self.read_norm = nn.LayerNorm(c.D) if c.encoder else None
        self.norm, self.out = nn.LayerNorm(c.D), nn.Linear(c.D, c.V)

    def stream(self, tokens: Tensor) -> Tensor:
        """The residual stream at its start, (B, T, D): what a token is, plus where it stands."""
        return self.embed(tokens) + positions(tokens.shape[1], self.config.D).to(self.embed.weight)

    def encode(self, x: Tensor) -> Memory:
        """Read x (B, R)."""
        if self.read_norm is None:
            raise ValueError("This transformer is a decoder alone and has nothing to read: call it with y only.")
        mask = (x != self.config.padding)[:, None, None]  # (B, 1, 1, R)
        h = self.stream(x)
        for layer in self.encoder:
            h = layer(h, mask)
        return self.read_norm(h), mask

    def decode(self, y: Tensor, memory: Memory | tuple[None, None] = (None, None)) -> Tensor:
        """Log-odds (B, T, V) of what follows each position of y (B, T)."""
        mask = causal(y.shape[1]).to(y.device)
        h = self.stream(y)
        for layer in self.decoder:
            h = layer(h, mask, *memory)
        return self.out(self.norm(h))

    def forward(self, y: Tensor, x: Tensor | None = None) -> Tensor:
        return self.decode(y) if x is None else self.decode(y, self.encode(x))


@torch.no_grad()
def maps(model: Transformer, y: Tensor, x: Tensor | None = None) -> dict[str, Tensor]:
    """The weights of every attention for y (B, T) and x (B, R): name of the module -> (B, A, T, R)."""
    found: dict[str, Tensor] = {}
    hooks = [
        module.register_forward_hook(lambda _, __, result, name=name: found.__setitem__(name, result[1]))
        for name, module in model.named_modules()
        if isinstance(module, Heads)
    ]
    try:
        model(y, x)
    finally:
        for hook in hooks:
            hook.remove()
    return found
