"""A date translator in the page: where each of its heads looks while it writes (chapter 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from primer.widgets.base import PrimerWidget, pack

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST = 200_000  # numbers; twice as many bytes travel with the page


class AttentionHeads(PrimerWidget):
    """Type a date: a transformer of one layer each way writes it anew, and every head shows where it looks.

    The weights travel in half precision, and the page computes with them: what it shows is the rounded model.

    Args:
        model: `transformer.Transformer` with one encoder and one decoder layer, at most 200,000 parameters.
        characters: its `attention.Characters`.
        text: what stands in the field at first, of these characters.

    Raises:
        ValueError: the model has other sizes, or a character of the text is not among those it knows.
    """

    topic = "attention"
    alt = (
        "Four panels, a head each: rows are the characters of a written date, columns those of the date that was "
        "read. Dark boxes show that most rows look at one or two places, and that heads differ."
    )

    weights = traitlets.Bytes(help="float16, all parameters in the order in which torch keeps them").tag(sync=True)
    sizes = traitlets.Dict().tag(sync=True)
    alphabet = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)

    def __init__(self, model: Any, characters: Any, text: str = "21 March 1999", **kwargs: Any) -> None:
        config = model.config
        rows = [parameter.detach().cpu().numpy().ravel() for parameter in model.state_dict().values()]
        row = np.concatenate(rows)
        if (config.encoder, config.decoder) != (1, 1) or len(row) > LARGEST:
            raise ValueError("AttentionHeads needs one encoder layer, one decoder layer and at most 200,000 numbers.")
        if config.V != characters.V:
            raise ValueError(f"The model knows {config.V} tokens and the characters are {characters.V}: give its own.")
        if strange := set(text) - set(characters.alphabet):
            raise ValueError(f"The model cannot read {', '.join(sorted(strange))}: choose another text.")
        self._maps = _maps(model, characters, text)
        super().__init__(
            weights=pack(row, "f2", (None,), "weights"),
            sizes={name: getattr(config, name) for name in ("V", "D", "A", "M")},
            alphabet=characters.alphabet,
            text=text,
            **kwargs,
        )

    def fallback(self) -> Figure:
        """The heads' weights for the text at first, one panel a head."""
        import matplotlib.pyplot as plt

        from primer import plots

        plots.style()
        written, weights = self._maps
        fig, axes = plt.subplots(2, 2, figsize=(7.6, 6.2))
        for a, ax in enumerate(axes.flat):
            for (t, r), weight in np.ndenumerate(weights[a]):
                if weight < 0.01:  # too small to be seen
                    continue
                side = 0.92 * weight**0.5
                ax.add_patch(plt.Rectangle((r - side / 2, t - side / 2), side, side, color=plots.LATENT, linewidth=0))
            ax.set(title=f"head {a + 1}", xlim=(-0.6, len(self.text) - 0.4), ylim=(len(written) - 0.4, -0.6))
            ax.set_xticks(range(len(self.text)), list(self.text.replace(" ", "·")))
            ax.set_yticks(range(len(written)), [*written])
        fig.supxlabel("read")
        fig.supylabel("written")
        return fig


def _maps(model: Any, characters: Any, text: str) -> tuple[list[str], np.ndarray]:
    """What the model writes, character by character with its end, and the heads' weights (A, T, R)."""
    import torch

    from primer.models import attention, transformer

    x = characters.encode([text])
    with torch.no_grad():
        tokens = attention.write(model, x, 12)
    y = torch.cat([torch.tensor([[attention.START]]), tokens[:, :-1]], dim=1)
    weights = transformer.maps(model, y, x)["decoder.0.cross"][0].numpy()
    letters = ["end" if token == attention.END else characters.decode(token.reshape(1, 1))[0] for token in tokens[0]]
    return letters, weights
