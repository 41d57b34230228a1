"""A training run on disk: one safetensors file, written whole or not at all, and never pickled.

Tensors go into the file as they are. Everything else (numbers, texts, lists, how they nest) goes as JSON into the
file's metadata, so that reading a checkpoint from elsewhere cannot run code.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

FORMAT = "primer checkpoint 1"


def write(path: Path, tree: dict[str, Any]) -> None:
    """Write a tree of dicts, lists, tuples, numbers, texts, None and tensors to `path`.

    The file appears under its name only when it is whole; until then a former one stays. A disk that is full or a
    folder that cannot be written raises OSError with a sentence, anything that has no place in a file TypeError.
    """
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    text = json.dumps(_plain(tree, "", tensors))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(save(tensors, {"format": FORMAT, "tree": text}))
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave the name with nothing behind it
        os.replace(part, path)
    except OSError as error:
        kept = "the one that was there is kept" if path.exists() else "there is none yet"
        raise OSError(
            error.errno, f"The checkpoint {path} could not be written ({error.strerror or error}); {kept}. Make room."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote. A file that is damaged, or that something else wrote, raises ValueError with a sentence."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ValueError(f"{path} is no checkpoint of this version of primer.fit: give another file name.")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        tree = _nested(json.loads(metadata["tree"]), tensors)
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"The checkpoint {path} cannot be read ({error}): delete it to train from the start."
        ) from error
    if not isinstance(tree, dict):
        raise ValueError(f"The checkpoint {path} cannot be read: delete it to train from the start.")
    return tree


def random_states() -> dict[str, Any]:
    """The states of Python's, NumPy's and torch's global random numbers, for `write`."""
    numpy_state = np.random.get_state(legacy=False)
    assert isinstance(numpy_state, dict)
    key, pos = torch.from_numpy(numpy_state["state"]["key"].astype(np.int64)), numpy_state["state"]["pos"]
    states = {
        "python": random.getstate(),
        "numpy": numpy_state | {"state": {"key": key, "pos": pos}},
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state_all()
    return states


def set_random_states(states: dict[str, Any]) -> None:
    random.setstate(states["python"])
    inner = states["numpy"]["state"]
    key = inner["key"].numpy().astype(np.uint32)
    np.random.set_state(states["numpy"] | {"state": {"key": key, "pos": inner["pos"]}})
    torch.set_rng_state(states["torch"])
    if torch.cuda.is_available() and len(states.get("cuda", [])) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])


def _plain(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """`value` for JSON: tensors are put into `tensors` under `name`; what JSON lacks becomes a list with its kind."""
    if isinstance(value, Tensor):
        # a copy, because tied parameters share memory, which safetensors refuses
        tensors[name] = value.detach().to("cpu", copy=True).contiguous()
        return ["tensor", name]
    if isinstance(value, Mapping):
        return ["dict", [[_key(k), _plain(v, f"{name}/{k}", tensors)] for k, v in value.items()]]
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        if all(type(item) in (int, float) for item in value):
            return [kind, list(value), "numbers"]
        return [kind, [_plain(item, f"{name}/{i}", tensors) for i, item in enumerate(value)]]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"A checkpoint cannot hold {name.strip('/')}, which is a {type(value).__name__}.")


def _key(key: Any) -> int | str:
    if isinstance(key, int | str):
        return key
    raise TypeError(f"A checkpoint cannot hold a dict with the key {key!r}: use texts or whole numbers.")


def _nested(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The inverse of `_plain`."""
    if not isinstance(value, list):
        return value
    kind, content, *rest = value
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {key: _nested(item, tensors) for key, item in content}
    items = content if rest else [_nested(item, tensors) for item in content]
    return items if kind == "list" else tuple(items)
