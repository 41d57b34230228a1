"""The pieces of chapter 05 against torch's own, against slopes from both sides, and against their docstrings."""

import pytest
import torch
import torch.nn.functional as F

from primer.models import network


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def weights(D=3, M=5):
    return [torch.randn(shape, dtype=torch.float64) for shape in ((D, M), (M,), (M, 1), (1,))]


def test_backpropagation_equals_autograd():
    x, y, theta = torch.randn(20, 3).double(), (torch.rand(20) < 0.4).double(), weights()
    for weight in theta:
        weight.requires_grad_()
    loss = F.binary_cross_entropy_with_logits(network.two_layer(x, *theta)[1], y)
    expected = torch.autograd.grad(loss, theta)
    with torch.no_grad():
        value, gradients = network.backprop(x, y, *theta)
    assert value.item() == pytest.approx(loss.item(), rel=1e-12)
    for got, want, weight in zip(gradients, expected, theta, strict=True):
        assert got.shape == weight.shape
        assert torch.allclose(got, want, atol=1e-12)


def test_backpropagation_equals_the_slope_from_both_sides():
    x, y, theta = torch.randn(6, 3).double(), torch.tensor([0, 1, 1, 0, 1, 0]).double(), weights()
    gradient, h = network.backprop(x, y, *theta)[1], 1e-5
    for k, weight in enumerate(theta):
        for place in range(weight.numel()):
            push = torch.zeros_like(weight).reshape(-1)
            push[place] = h
            up, down = ([*theta[:k], weight + sign * push.reshape(weight.shape), *theta[k + 1 :]] for sign in (1, -1))
            slope = (network.backprop(x, y, *up)[0] - network.backprop(x, y, *down)[0]) / (2 * h)
            assert gradient[k].reshape(-1)[place].item() == pytest.approx(slope.item(), abs=1e-8)


def test_the_loss_does_not_overflow():
    x, y = torch.tensor([[1.0], [1.0]]), torch.tensor([0.0, 1.0])
    loss, gradients = network.backprop(x, y, torch.ones(1, 1), torch.zeros(1), torch.full((1, 1), 1e4), torch.zeros(1))
    assert loss.isfinite() and all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("settings", [{}, {"lr": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3}])
def test_adam_equals_torch(settings):
    theirs = torch.randn(7, dtype=torch.float64).requires_grad_()
    theta, m, v = theirs.detach().clone(), torch.zeros(7).double(), torch.zeros(7).double()
    names = {"lr": settings.get("lr", 1e-3), "eps": settings.get("eps", 1e-8),
             "betas": (settings.get("beta1", 0.9), settings.get("beta2", 0.999))}
    optimizer = torch.optim.Adam([theirs], **names)
    for t in range(1, 51):
        theirs.grad = torch.randn(7).double() * 10.0 ** torch.arange(-3, 4)
        theta, m, v = network.adam(theta, theirs.grad, m, v, t, **settings)
        optimizer.step()
    assert torch.allclose(theta, theirs, atol=1e-12)


@pytest.mark.parametrize(("k", "H", "W"), [(3, 8, 8), (2, 5, 7), (1, 3, 2), (4, 4, 4)])
def test_the_matrix_of_a_convolution(k, H, W):
    kernel, image = torch.randn(k, k), torch.randn(H, W)
    matrix = network.conv_matrix(kernel, H, W)
    expected = F.conv2d(image[None, None], kernel[None, None]).reshape(-1)
    assert matrix.shape == (len(expected), H * W)
    assert torch.allclose(matrix @ image.reshape(-1), expected, atol=1e-5)
    assert len(matrix[matrix != 0].unique()) == k * k


def test_the_lstm_cell_equals_torch():
    cell = torch.nn.LSTMCell(3, 4).double()
    h = c = torch.zeros(2, 4).double()
    state = h, c
    for _ in range(5):
        x = torch.randn(2, 3).double()
        h, c = network.lstm_cell(x, h, c, cell.weight_ih, cell.weight_hh, cell.bias_ih + cell.bias_hh)
        state = cell(x, state)
    assert torch.allclose(h, state[0], atol=1e-12) and torch.allclose(c, state[1], atol=1e-12)


def test_an_open_forget_gate_keeps_the_memory():
    x, h, c = torch.randn(2, 3), torch.zeros(2, 4), torch.randn(2, 4)
    b = torch.zeros(16)
    b[:4], b[4:8] = -50, 50  # nothing written, nothing forgotten
    kept = network.lstm_cell(x, h, c, torch.zeros(16, 3), torch.zeros(16, 4), b)[1]
    assert torch.allclose(kept, c, atol=1e-6)


def test_shapes_and_sizes_of_the_networks():
    pictures = torch.randn(6, 1, 12, 12)
    assert network.MLP(144, 32, 10)(pictures).shape == (6, 10)
    assert network.CNN(1, 10)(pictures).shape == (6, 10)
    assert network.CNN(3, 2, channels=(4, 5))(torch.randn(2, 3, 5, 9)).shape == (2, 2)


def test_the_convolutional_network_does_not_care_where_a_picture_lies():
    """With an empty margin of the width that two 3x3 kernels see, which is what the docstring's "any size" is for."""
    net, sheet = network.CNN(1, 10), torch.zeros(1, 1, 20, 20)
    sheet[:, :, 6:14, 6:14] = torch.rand(8, 8)
    far = net(sheet.roll((2, -2), (2, 3)))
    assert torch.allclose(net(sheet), far, atol=1e-5)
    full = network.MLP(400, 32, 10)
    assert not torch.allclose(full(sheet), full(sheet.roll((2, -2), (2, 3))), atol=1e-3)
