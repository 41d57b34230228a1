import errno
import itertools
import math
import random
import signal

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

import primer
from primer import checkpoint, core, training


@pytest.fixture(autouse=True)
def cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(core, "_run", None)
    torch.manual_seed(0)
    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background starts without
    yield
    signal.signal(signal.SIGINT, former)


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
    assert [step.number for step in steps] == [1, 2, 3, 4, 5]  # the running step is finished
    assert "Interrupted after step 5 of 100: the model keeps what it has learned until then." in capsys.readouterr().out
    assert not any(map(torch.equal, before, parameters(model)))


def test_interrupt_in_the_readers_own_loop(line, capsys):
    model, batches = line
    handler = signal.getsignal(signal.SIGINT)
    done = []
    for step in primer.fit(model, squared, batches, 100):
        if step.number == 3:
            signal.raise_signal(signal.SIGINT)
        done.append(step.number)  # this turn ends whole
    assert done == [1, 2, 3]
    assert capsys.readouterr().out.count("Interrupted after step 3 of 100") == 1
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_second_interrupt_ends_at_once(line):
    model, batches = line
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        for _ in primer.fit(model, squared, batches, 100):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is handler


def test_two_trainings_side_by_side_leave_the_interrupt_as_it_was(line):
    _, batches = line
    handler = signal.getsignal(signal.SIGINT)
    first, second = (primer.fit(nn.Linear(1, 1), squared, batches, 100) for _ in range(2))
    next(first), next(second)
    first.close()
    second.close()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, handler)


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
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1.0)
    with pytest.raises(ValueError, match="the optimizer of the schedule"):
        primer.fit(model, squared, batches, 1, schedule=schedule)
    with pytest.raises(TypeError, match="AveragedModel"):
        primer.fit(model, squared, batches, 1, ema=model)
    for clip in (0, -1.0, math.nan):
        with pytest.raises(ValueError, match="clip"):
            primer.fit(model, squared, batches, 1, clip=clip)
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


def average(model):
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))


def test_average_clipping_and_schedule_are_those_by_hand(line):
    model, batches = line
    twin = nn.Linear(1, 1)
    twin.load_state_dict(model.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 - t / 10)
    ema = average(model)
    list(primer.fit(model, squared, batches, 8, optimizer=optimizer, schedule=schedule, clip=0.3, ema=ema))
    mean = None
    for i in range(8):
        gradients = torch.autograd.grad(squared(twin, batches[i % 4]), list(twin.parameters()))
        norm = torch.cat([g.flatten() for g in gradients]).norm()
        with torch.no_grad():
            for p, g in zip(twin.parameters(), gradients, strict=True):
                p -= (1 - i / 10) * g * min(1, 0.3 / norm)
        now = parameters(twin)
        mean = now if mean is None else [0.9 * m + 0.1 * p for m, p in zip(mean, now, strict=True)]
    for got, want, kept in zip(model.parameters(), twin.parameters(), ema.parameters(), strict=True):
        torch.testing.assert_close(got, want)
        assert not torch.equal(got, kept)
    for got, want in zip(ema.parameters(), mean, strict=True):
        torch.testing.assert_close(got, want)


def test_the_average_stays_finite_too(line):
    model, batches = line
    ema = average(model)
    with pytest.raises(FloatingPointError):
        optimizer = torch.optim.SGD(model.parameters(), lr=1e3)
        list(primer.fit(model, squared, batches, 10_000, optimizer=optimizer, ema=ema))
    assert all(torch.isfinite(p).all() for p in ema.parameters())


def test_compiling_is_asked_for_and_trains_the_model_itself(line, monkeypatch):
    model, batches = line
    twin = nn.Linear(1, 1)
    twin.load_state_dict(model.state_dict())
    asked = []

    def compiled(module):
        asked.append(module)
        return module

    monkeypatch.setattr(torch, "compile", compiled)
    list(primer.fit(model, squared, batches, 3))
    assert not asked
    list(primer.fit(twin, squared, batches, 3, compile=True))
    assert asked == [twin] and all(map(torch.equal, parameters(model), parameters(twin)))


class Run:
    """A run that uses whatever has a state: dropout, shuffling, momentum, schedule, average, a batch norm."""

    def __init__(self, path=None, own_generator=False, endless=False):
        torch.manual_seed(1)
        self.model = nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=0.02)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, 0.02, total_steps=50)
        self.ema = average(self.model)
        x = torch.linspace(-1, 1, 30).reshape(-1, 1)
        generator = torch.Generator().manual_seed(5) if own_generator else None
        data = torch.utils.data.TensorDataset(x, 3 * x)
        self.batches = torch.utils.data.DataLoader(data, 8, shuffle=True, generator=generator)
        if endless:
            rng = np.random.default_rng(3)
            draws = (rng.integers(30, size=8) for _ in itertools.count())
            self.batches = ((x[rows], 3 * x[rows]) for rows in draws)
        self.path = path

    def loss(self, model, batch):
        # all four sources of random numbers
        weight = 1e-3 * float(np.random.rand() + random.random())
        return squared(model, batch) + weight * model(batch[0]).square().mean()

    def fit(self, steps=20, **more):
        return primer.fit(
            self.model, more.pop("loss_fn", self.loss), self.batches, steps, optimizer=self.optimizer,
            schedule=self.schedule, ema=self.ema, clip=1.0, checkpoint=self.path, **more,
        )

    def state(self):
        optimizer = self.optimizer.state_dict()
        moments = [value for state in optimizer["state"].values() for value in state.values()]
        tensors = [*self.model.state_dict().values(), *self.ema.state_dict().values(), *moments]
        return tensors, self.schedule.state_dict()["last_epoch"], optimizer["param_groups"][0]["lr"]


def same(a, b):
    return all(map(torch.equal, a[0], b[0])) and a[1:] == b[1:]


def in_one_go(**kind):
    random.seed(2), np.random.seed(2)
    whole = Run(**kind)
    steps = list(whole.fit())
    return whole.state(), [step.loss for step in steps], torch.rand(1)


KINDS = {"loader": {}, "generator": {"own_generator": True}, "endless": {"endless": True}}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("stop", [1, 4, 7, 19], ids=["first", "end of a pass", "within", "last but one"])
def test_resuming_is_bitwise_the_run_in_one_go(tmp_path, kind, stop):
    want, losses, after = in_one_go(**kind)
    random.seed(2), np.random.seed(2)
    first = Run(tmp_path / "run.safetensors", **kind)
    for step in first.fit():
        if step.number == stop:
            break
    assert not same(first.state(), want)
    random.seed(99), np.random.seed(99)  # another process would not have the same either
    second = Run(tmp_path / "run.safetensors", **kind)
    steps = list(second.fit())
    assert [step.number for step in steps] == list(range(stop + 1, 21))
    assert [step.loss for step in steps] == losses[stop:]
    assert same(second.state(), want)
    assert torch.equal(torch.rand(1), after)  # and what comes next is the same too


def test_a_run_that_is_done_is_only_read(tmp_path, capsys, monkeypatch):
    want = in_one_go()[0]
    random.seed(2), np.random.seed(2)
    list(Run(tmp_path / "run").fit())
    again = Run(tmp_path / "run")
    monkeypatch.setenv("PRIMER_BOOK", "1")
    assert list(again.fit()) == [] and same(again.state(), want)
    assert capsys.readouterr().out.endswith("20 steps, all done before\n")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_resuming_after_an_interrupt(tmp_path):
    want = in_one_go()[0]
    random.seed(2), np.random.seed(2)
    first = Run(tmp_path / "run")
    calls = []

    def loss_fn(model, batch):
        calls.append(1)
        if len(calls) == 6:
            signal.raise_signal(signal.SIGINT)  # in the middle of a step
        return first.loss(model, batch)

    assert len(list(first.fit(loss_fn=loss_fn))) == 6
    second = Run(tmp_path / "run")
    assert len(list(second.fit())) == 14 and same(second.state(), want)


def test_resuming_after_a_crash_goes_on_from_the_last_file(tmp_path, monkeypatch):
    want = in_one_go()[0]
    monkeypatch.setattr(training, "SAVE_EVERY", 0.0)
    random.seed(2), np.random.seed(2)
    first = Run(tmp_path / "run")
    calls = []

    def loss_fn(model, batch):
        calls.append(1)
        if len(calls) == 6:
            raise RuntimeError("crash")
        return first.loss(model, batch)

    with pytest.raises(RuntimeError, match="crash"):
        list(first.fit(loss_fn=loss_fn))
    second = Run(tmp_path / "run")
    assert [step.number for step in second.fit()] == list(range(6, 21)) and same(second.state(), want)


def test_a_loss_that_is_not_finite_is_not_saved(tmp_path):
    run = Run(tmp_path / "run")
    with pytest.raises(FloatingPointError):
        list(run.fit(loss_fn=lambda model, batch: squared(model, batch) * math.nan))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"\xff" * 100, "half"])
def test_a_damaged_checkpoint_says_so_at_once(tmp_path, content):
    path = tmp_path / "run"
    if content == "half":
        list(Run(path).fit(1))
        content = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot be read .*delete it"):
        Run(path).fit()


def test_a_foreign_file_and_another_run_say_so_at_once(tmp_path, line):
    from safetensors.torch import save_file

    model, batches = line
    save_file({"weight": torch.ones(1, 1)}, tmp_path / "foreign")
    with pytest.raises(ValueError, match="no checkpoint of this version"):
        Run(tmp_path / "foreign").fit()
    path = tmp_path / "run"
    list(Run(path).fit(1))
    with pytest.raises(ValueError, match="of a run with another model"):
        primer.fit(model, squared, batches, 5, checkpoint=path)
    other = Run(path)
    with pytest.raises(ValueError, match="another optimizer"):
        sgd = torch.optim.SGD(other.model.parameters())
        primer.fit(other.model, squared, batches, 5, checkpoint=path, optimizer=sgd)
    other.schedule = None
    with pytest.raises(ValueError, match="another schedule"):
        other.fit()
    other = Run(path)
    other.ema = None
    with pytest.raises(ValueError, match="another ema"):
        other.fit()
    with pytest.raises(ValueError, match="folder of the checkpoint"):
        Run(tmp_path / "nowhere" / "run").fit()


def test_a_full_disk_keeps_the_former_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run"
    list(Run(path).fit(1))
    before = path.read_bytes()

    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"could not be written \(No space left on device\); the one that was"):
        list(Run(path).fit(2))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_tree_comes_back_as_it_was(tmp_path):
    shared = torch.arange(6.0).reshape(2, 3)
    tree = {
        "a": (1, 2.5, math.inf, None, True), "b": {0: [shared, shared.T], 1: []}, "c": np.float64(0.1),
        "d": torch.tensor(3, dtype=torch.int64), "e": ("tensor", "dict"), "f": [[1, 2], ("x",)],
    }
    checkpoint.write(tmp_path / "tree", tree)
    got = checkpoint.read(tmp_path / "tree")
    assert torch.equal(got["b"][0][0], shared) and torch.equal(got["b"][0][1], shared.T) and got["d"].item() == 3
    assert all(got[key] == tree[key] and type(got[key]) is type(tree[key]) for key in "aef") and got["b"][1] == []
    assert got["c"] == 0.1
    with pytest.raises(TypeError, match="cannot hold a/1, which is a function"):
        checkpoint.write(tmp_path / "no", {"a": [1, lambda: 0]})
    with pytest.raises(TypeError, match="whole numbers"):
        checkpoint.write(tmp_path / "no", {("a", 1): 2})
    assert not (tmp_path / "no").exists()
