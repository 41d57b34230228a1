"""Live figures: one Python class and one hand-written JavaScript module each.

All computing happens in the browser, so a widget lives on in the static book as well as in JupyterLab and Colab.
Every class is loaded when it is first used; nothing here imports torch.
"""

from importlib import import_module

_HOMES = {
    "AttentionHeads": "attention",
    "DiffusionTime": "diffusion",
    "GPTWriter": "language",
    "InventedCalls": "hallucination",
    "LatentExplorer": "vae",
    "NetworkTrains": "network",
    "PixelReveal": "bayes",
    "Quiz": "quiz",
    "SampleBreaker": "judging",
    "SmallWorld": "invention",
    "TwoClasses": "discriminative",
    "TwoPlayers": "gan",
    "WordFromNoise": "landing",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> type:
    if name not in _HOMES:
        raise AttributeError(f"primer.widgets has no {name!r}; it has: {', '.join(__all__)}.")
    return getattr(import_module(f"primer.widgets.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
