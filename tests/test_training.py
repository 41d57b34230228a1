import math
import signal

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import primer
from primer import core


@pytest.fixture(autouse=True)
def cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(core, "_run", None)
    torch.manual_seed(0)


def squared(model, batch):
    x, y = batch
    return F.mse_loss(model(x), y)


@pytest.fixture
def line():
    """y = 3x - 1 in four batches, and a model for it."""
    x = torch.linspace(-1, 1, 64).reshape(-1, 1)
    return nn.Linear(1, 1), list(zip(x.split(16), (3 * x - 1).split(16), strict=True))


def parameters(model):
    return [p.detach().clone() for p in model.parameters()]


def test_learns_and_yields_facts(line):
    model, batches = line
    steps = list(primer.fit(model, squared, batches, 400, lr=0.05))
    assert [step.number for step in steps] == list(range(1, 401))
    assert steps[-1].loss < 1e-3 < steps[0].loss
    assert model.weight.item() == pytest.approx(3, abs=0.05) and model.bias.item() == pytest.approx(-1, abs=0.05)
    seconds = [step.seconds for step in steps]
    assert seconds == sorted(seconds) and seconds[0] > 0


def test_same_as_the_loop_by_hand(line):
    model, batches = line
    twin = nn.Linear(1, 1)
    twin.load_state_dict(model.state_dict())
    losses = [step.loss for step in primer.fit(model, squared, batches, 10, lr=0.01)]
    optimizer = torch.optim.AdamW(twin.parameters(), lr=0.01)
    for i in range(10):
        loss = squared(twin, batches[i % 4])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert losses[i] == loss.item()
    assert all(map(torch.equal, parameters(model), parameters(twin)))


def test_own_optimizer(line):
    model, batches = line
    before = parameters(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    gradients = torch.autograd.grad(squared(model, batches[0]), list(model.parameters()))
    list(primer.fit(model, squared, batches, 1, optimizer=optimizer))
    for old, gradient, new in zip(before, gradients, model.parameters(), strict=True):
        torch.testing.assert_close(new.detach(), old - 0.1 * gradient)


def test_nothing_happens_between_steps_and_stopping_early_is_fine(line):
    model, batches = line
    model.eval()
    for step in primer.fit(model, squared, batches, 100):
        if step.number == 3:
            break
    kept = parameters(model)
    assert not model.training
    list(primer.fit(model, squared, batches, 1))
    assert not any(map(torch.equal, kept, parameters(model)))


def test_training_mode_is_set_for_each_step():
    model = nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.5), nn.Linear(8, 1))
    modes = []

    def loss_fn(model, x):
        modes.append(model.training)
        return model(x).square().mean()

    for _ in primer.fit(model, loss_fn, [torch.ones(4, 1)], 3):
        model.eval()  # as for a validation in the loop
    assert modes == [True] * 3


@pytest.mark.parametrize("where", ["loss", "data"])
def test_not_finite_stops_with_the_step_and_loses_nothing(line, where):
    model, batches = line
    norm = nn.Sequential(nn.BatchNorm1d(1), model)
    seen = []

    def loss_fn(model, batch):
        seen.append((parameters(model), [b.clone() for b in model.buffers()]))
        loss = squared(model, batch)
        return loss * math.nan if where == "loss" and len(seen) == 7 else loss

    if where == "data":
        x, y = batches[2]
        batches = [*batches, *batches[:2], (x * math.inf, y)]
    with pytest.raises(FloatingPointError, match=r"The loss is not finite at step 7; .*lower the learning rate"):
        list(primer.fit(norm, loss_fn, batches, 20))
    # step 6 was the last with a finite loss: these were its parameters
    assert all(map(torch.equal, parameters(norm), seen[5][0]))
    assert all(torch.isfinite(tensor).all() for tensor in norm.state_dict().values())


def test_diverging_parameters_are_put_back(line):
    model, batches = line
    with pytest.raises(FloatingPointError, match="step"):
        list(primer.fit(model, squared, batches, 10_000, optimizer=torch.optim.SGD(model.parameters(), lr=1e3)))
    assert all(torch.isfinite(p).all() for p in model.parameters())
    assert math.isfinite(squared(model, batches[0]).item())


def test_parameters_that_the_last_step_ruins():
    model = nn.Linear(1, 1)
    before = parameters(model)

    def root(model, x):  # a finite loss with an infinite gradient
        return ((model(x) * 0).square()).sqrt().sum()

    with pytest.raises(FloatingPointError, match="The parameters are not finite at step 1"):
        list(primer.fit(model, root, [torch.ones(1, 1)], 1))
    assert all(map(torch.equal, parameters(model), before))


def test_interrupt_keeps_the_model(line, capsys):
    model, batches = line
    before = parameters(model)
    calls = []

    def loss_fn(model, batch):
        calls.append(1)
        if len(calls) == 5:
            signal.raise_signal(signal.SIGINT)  # what the notebook's stop button sends
        return squared(model, batch)

    steps = list(primer.fit(model, loss_fn, batches, 100))
    assert [step.number for step in steps] == [1, 2, 3, 4]
    assert "Interrupted at step 5 of 100: the model keeps what it has learned until then." in capsys.readouterr().out
    assert not any(map(torch.equal, before, parameters(model)))


def test_batches_that_end_too_early(line):
    model, batches = line
    with pytest.raises(ValueError, match="The batches ended after 4 of 10 steps"):
        list(primer.fit(model, squared, iter(batches), 10))
    with pytest.raises(ValueError, match="after 0 of 10"):
        list(primer.fit(model, squared, [], 10))


def test_a_generator_without_end_is_enough():
    rng = np.random.default_rng(0)

    def draw():
        while True:
            yield torch.from_numpy(rng.normal(size=(8, 1))).float()

    model = nn.Linear(1, 1)
    assert len(list(primer.fit(model, lambda model, x: model(x).square().mean(), draw(), 5))) == 5


@pytest.mark.parametrize("steps", [0, -1, 2.5, True, "10"])
def test_wrong_steps_at_once(line, steps):
    model, batches = line
    with pytest.raises(ValueError, match="steps of at least 1"):
        primer.fit(model, squared, batches, steps)


def test_wrong_arguments_at_once(line):
    model, batches = line
    with pytest.raises(TypeError, match="a torch module with parameters"):
        primer.fit(nn.ReLU(), squared, batches, 1)
    with pytest.raises(TypeError, match="a torch module with parameters"):
        primer.fit(squared, model, batches, 1)
    with pytest.raises(TypeError, match="batches that can be looped over"):
        primer.fit(model, squared, 16, 1)
    for lr in (0, -0.1, math.nan):
        with pytest.raises(ValueError, match="learning rate above 0"):
            primer.fit(model, squared, batches, 1, lr=lr)


@pytest.mark.parametrize("wrong", [lambda m, b: 1.0, lambda m, b: m(b[0]), lambda m, b: torch.tensor(1.0)])
def test_loss_that_is_none(line, wrong):
    model, batches = line
    with pytest.raises(TypeError, match="one number that depends on the model"):
        next(primer.fit(model, wrong, batches, 1))


def test_a_page_gets_one_plain_line_and_a_terminal_a_bar(line, capsys, monkeypatch):
    model, batches = line
    list(primer.fit(model, squared, batches, 3))
    captured = capsys.readouterr()
    assert captured.out == "" and "3/3" in captured.err and "loss=" in captured.err
    monkeypatch.setenv("PRIMER_BOOK", "1")
    last = list(primer.fit(model, squared, batches, 3))[-1]
    captured = capsys.readouterr()
    assert captured.out == f"3 steps · last loss {last.loss:.3g}\n" and captured.err == ""
