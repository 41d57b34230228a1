"""Small networks, and by hand what makes them learn: backpropagation, Adam, convolution, the LSTM (chapter 05).

Everything is torch. Axes: N or B examples, D features, M hidden units, K classes, C channels, H and W pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def two_layer(x: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden units (N, M) in (-1, 1) and log-odds (N,): x (N, D), W1 (D, M), b1 (M,), W2 (M, 1), b2 (1,)."""
    h = torch.tanh(x @ W1 + b1)
    return h, (h @ W2 + b2)[:, 0]


def backprop(
    x: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor, Tensor]]:
    """The loss of `two_layer`, mean -log P(y | x) in nats, and its gradients in the order W1, b1, W2, b2.

    x (N, D), y (N,) float in {0, 1}. Each gradient has its parameter's shape (Rumelhart, Hinton and Williams, 1986).
    """
    h, s = two_layer(x, W1, b1, W2, b2)
    loss = (F.softplus(s) - y * s).mean()  # -log sigmoid(s) where y = 1, -log(1 - sigmoid(s)) where y = 0
    ds = ((torch.sigmoid(s) - y) / len(y))[:, None]  # (N, 1)
    da = (ds @ W2.T) * (1 - h**2)  # (N, M)
    return loss, (x.T @ da, da.sum(0), h.T @ ds, ds.sum(0))


def adam(
    theta: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    t: int,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Tensor, Tensor, Tensor]:
    """Step t (from 1) of Adam: new theta, m, v, all of one shape; m and v start at 0.

    Kingma and Ba (2015), Algorithm 1.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (v_hat.sqrt() + eps), m, v


class MLP(nn.Sequential):
    """A network with one hidden layer: x (N, ...) with D numbers an example -> scores (N, K)."""

    def __init__(self, D: int, M: int, K: int) -> None:
        super().__init__(nn.Flatten(), nn.Linear(D, M), nn.ReLU(), nn.Linear(M, K))


class CNN(nn.Module):
    """Two 3x3 convolutions, the largest answer of each channel, one layer: x (N, C, H, W) -> scores (N, K).

    Without padding at the border, so H and W are at least 5; any such size will do.
    """

    def __init__(self, C: int, K: int, channels: tuple[int, int] = (16, 32)) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(C, channels[0], 3)
        self.conv2 = nn.Conv2d(channels[0], channels[1], 3)
        self.out = nn.Linear(channels[1], K)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.conv2(F.relu(self.conv1(x))))  # (N, C2, H-4, W-4)
        return self.out(h.amax(dim=(2, 3)))


def conv_matrix(kernel: Tensor, H: int, W: int) -> Tensor:
    """The matrix that does what a convolution does: kernel (k, k) -> ((H-k+1)*(W-k+1), H*W).

    Times a flat picture (H*W,) it gives the flat `F.conv2d` without padding. Every row holds the same k*k numbers.
    """
    k = len(kernel)
    rows = kernel.new_zeros(H - k + 1, W - k + 1, H, W)
    for i in range(H - k + 1):
        for j in range(W - k + 1):
            rows[i, j, i : i + k, j : j + k] = kernel
    return rows.reshape((H - k + 1) * (W - k + 1), H * W)


def lstm_cell(x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """One step of an LSTM: x (B, D), h and c (B, M), W (4M, D), U (4M, M), b (4M,) -> new h and c.

    Blocks of rows are the input, forget, candidate and output gate, torch's order; b is the sum of torch's two biases.
    Hochreiter and Schmidhuber (1997), with the forget gate of Gers, Schmidhuber and Cummins (2000).
    """
    i, f, g, o = (x @ W.T + h @ U.T + b).chunk(4, dim=1)  # four times (B, M)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
