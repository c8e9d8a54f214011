"""What an evaluation ran on: without it, a figure can't be made again."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from vlm4rec._version import __version__

__all__ = ["environment"]

_LIBRARIES = (
    "numpy",
    "polars",
    "torch",
    "sentence-transformers",
    "scipy",
    "implicit",
    "optuna",
    "matplotlib",
)


def environment() -> dict[str, str]:
    """Return the versions that figures may depend on, and the machine, by plain words.

    Nothing here differs from one run to the next on the same machine: no time, no load, no name.

    >>> environment()["NumPy"] == __import__("numpy").__version__
    True
    """
    found = {"vlm4rec": __version__, "Python": platform.python_version()}
    found.update({_NAMES.get(name, name): _version(name) for name in _LIBRARIES})
    found["system"] = f"{platform.system()} {platform.machine()}"
    found["CPUs"] = str(os.cpu_count() or "unknown")
    return found


_NAMES = {
    "numpy": "NumPy",
    "polars": "Polars",
    "torch": "PyTorch",
    "scipy": "SciPy",
    "optuna": "Optuna",
    "matplotlib": "Matplotlib",
}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
