"""Two networks at play in the plane, trained live in the page (chapter 09)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from primer.widgets.base import PrimerWidget

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REACH = 3.2  # the picture spans ±3.2 both ways, as in gan.js


class TwoPlayers(PrimerWidget):
    """A generator and a discriminator on eight bumps: field, pulls, and switches that unsettle and settle the game.

    Data, weights and every step are made in the browser. The class takes no arguments.
    """

    topic = "gan"
    alt = (
        "A plane with eight bumps of data on a circle. Small rings, the generator's points, cover all eight bumps; "
        "the background is shaded where the discriminator says real."
    )

    def fallback(self) -> Figure:
        """The game with pairs and penalty after 400 steps: field, data and generated points."""
        import matplotlib.pyplot as plt
        import torch

        from primer import data, plots
        from primer.models import gan

        eight = data.points("eight-gaussians")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            x = torch.tensor(eight.sample(2000, np.random.default_rng(0)), dtype=torch.float32)
            rules = gan.Config(D=2, Z=2, M=32, levels=0, game="relativistic", gamma=0.05)
            model = gan.train(gan.GAN(rules), x, 400, lr=0.01, betas=(0.0, 0.9))
            made = model.sample(200).numpy()
        axis = torch.linspace(-REACH, REACH, 61)
        u, v = torch.meshgrid(axis, axis, indexing="xy")
        with torch.no_grad():
            field = model.discriminator(torch.stack([u.ravel(), v.ravel()], 1)).reshape(61, 61)
        figure, ax = plt.subplots(figsize=(4.6, 4.6))
        levels = torch.quantile(field, torch.tensor([0.5, 0.75, 0.9]))
        for level in levels.tolist():
            ax.contourf(u, v, field, levels=[level, 1e9], colors=[plots.REAL], alpha=0.12, zorder=0)
        ax.plot(*x[:300].T, **plots.MARKS["real"] | {"markersize": 2.5}, label="data")
        ax.plot(*made.T, **plots.MARKS["model"] | {"markersize": 4}, label="generated")
        ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
        ax.legend(loc="center", fontsize="small", frameon=False)
        return figure
