"""A GPT in the page: type, see the odds of what comes next and where a head looks, let it write (chapter 15)."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from primer.widgets.base import PrimerWidget, pack

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STORED = "language.safetensors"  # in primer.results, written by benchmarks/language.py
PREFIX = "import os\n\ndef read_lines(path):\n    "


class GPTWriter(PrimerWidget):
    """A GPT by characters, with weights of one byte each: its odds, its attention, its writing.

    Args:
        model: a primer.models.gpt.GPT. Its weights are rounded by `quantise`.
        alphabet: its V characters, in order.
        prefix: the text to begin with, of characters in the alphabet.

    Raises:
        ValueError: the model and the alphabet do not fit together, or the weights would weigh more than 400 KB.
    """

    topic = "language"
    alt = (
        "Bars show how likely each of ten characters is to come next after a short piece of Python; below, the same "
        "text with the characters shaded by how much one attention head looks at them."
    )

    weights = traitlets.Bytes(help="int8 + 128, every tensor row by row, in the order of `tensors`").tag(sync=True)
    scales = traitlets.Bytes(help="float32, one for each row").tag(sync=True)
    sizes = traitlets.Dict(help="V, T, L, H, D, previous").tag(sync=True)
    alphabet = traitlets.Unicode().tag(sync=True)
    prefix = traitlets.Unicode().tag(sync=True)

    def __init__(self, model: Any, alphabet: str, prefix: str = PREFIX, **kwargs: Any) -> None:
        if len(alphabet) != model.config.V:
            raise ValueError(f"GPTWriter needs the model's {model.config.V} characters, not {len(alphabet)}.")
        if not prefix or not set(prefix) <= set(alphabet):
            raise ValueError("GPTWriter needs a prefix of characters that are in the alphabet.")
        parts = [quantise(tensor) for tensor in tensors(model)]
        flat = np.concatenate([q.numpy().ravel().astype(np.int16) + 128 for q, _ in parts])
        if len(flat) > 400_000:
            raise ValueError(f"A page holds at most 400 KB of weights, not {len(flat) // 1000} KB: take a smaller GPT.")
        super().__init__(
            weights=pack(flat, "u1", (None,), "weights"),
            scales=pack(np.concatenate([s.numpy().ravel() for _, s in parts]), "f4", (None,), "scales"),
            sizes=asdict(model.config),
            alphabet=alphabet,
            prefix=prefix,
            **kwargs,
        )
        self._model = rounded(model)

    def fallback(self) -> Figure:
        """The odds after the prefix, and the first head's attention from its last character."""
        import matplotlib.pyplot as plt
        import torch

        from primer import plots

        plots.style()
        numbers = torch.tensor([[self.alphabet.index(c) for c in self.prefix[-self.sizes["T"] :]]])
        with torch.no_grad():
            p = self._model(numbers)[0, -1].softmax(-1)
        top = p.topk(10)
        fig, ax = plt.subplots(figsize=(6.4, 3.2))
        names = [shown(self.alphabet[i]) for i in top.indices]
        ax.barh(range(10), top.values.numpy(), color=plots.MODEL)
        ax.set_yticks(range(10), names, family="monospace")
        ax.invert_yaxis()
        ax.set(xlabel="probability of the next character", title=f"after {self.prefix[-24:]!r}")
        return fig


def shown(character: str) -> str:
    """A character as a reader can see it."""
    return {" ": "space", "\n": "new line", "\ufffd": "other"}.get(character, character)


def tensors(model: Any) -> list[Any]:
    """The weights in the order of language.js."""
    blocks = [getattr(block, name) for block in model.blocks for name in ("qkv", "out", "up", "down")]
    return [tensor.detach().cpu() for tensor in (model.embedding, *blocks, model.head)]


def quantise(W: Any) -> tuple[Any, Any]:
    """W (..., n) as int8 from -127 to 127 and a scale (..., 1) for each row: W is q * scale within half a scale."""
    import torch

    scale = W.abs().amax(-1, keepdim=True).clamp(min=1e-12) / 127
    return (W / scale).round().to(torch.int8), scale


def rounded(model: Any) -> Any:
    """A copy of a GPT with the weights that the page computes with."""
    import copy

    other = copy.deepcopy(model).eval()
    for parameter in other.parameters():
        q, scale = quantise(parameter.data)
        parameter.data = q * scale
    return other


def store(path: Path, model: Any, alphabet: str, about: dict[str, Any]) -> None:
    """Write a GPT with weights of a byte each, its sizes, its alphabet, and what is known `about` it."""
    from safetensors.torch import save_file

    parts = {}
    for name, tensor in model.state_dict().items():
        parts[name], parts[f"{name}.scale"] = (part.contiguous() for part in quantise(tensor))
    about = {"config": asdict(model.config), "alphabet": alphabet, **about}
    save_file(parts, path, {"about": json.dumps(about)})


def stored(path: Path | None = None) -> tuple[Any, dict[str, Any]]:
    """The GPT that came with the course, or the one at `path`, and what `store` was told about it."""
    from safetensors import safe_open

    from primer.models import gpt

    place = path or Path(str(resources.files("primer") / "results" / STORED))
    with safe_open(place, framework="pt") as file:
        about = json.loads(file.metadata()["about"])
        names = [name for name in file.keys() if not name.endswith(".scale")]  # noqa: SIM118
        weights = {name: file.get_tensor(name) * file.get_tensor(f"{name}.scale") for name in names}
    model = gpt.GPT(gpt.Config(**about["config"]))
    model.load_state_dict(weights)
    return model.eval(), about
