"""What the package shows the world, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import vlm4rec

PROBE = """
import sys, time
start = time.perf_counter()
import vlm4rec
print(time.perf_counter() - start, *sys.modules)
"""


def probe() -> tuple[float, set[str]]:
    run = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    seconds, *modules = run.stdout.split()
    return float(seconds), {module.partition(".")[0] for module in modules}


def test_exports_are_exactly_all_and_sorted() -> None:
    public = {name for name in vars(vlm4rec) if not name.startswith("_")}
    modules = {name for name in public if type(getattr(vlm4rec, name)).__name__ == "module"}
    assert vlm4rec.__all__ == sorted(vlm4rec.__all__)
    assert public - modules <= {*vlm4rec.__all__, "annotations", "Any", "TYPE_CHECKING"}


def test_every_export_can_be_had() -> None:
    for name in vlm4rec.__all__:
        assert getattr(vlm4rec, name) is not None
    assert dir(vlm4rec) == vlm4rec.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(vlm4rec, "recomend")


def test_import_is_quick_and_light() -> None:
    probes = [probe() for _ in range(3)]
    heavy = {"torch", "matplotlib", "ray", "transformers", "sentence_transformers", "openai"}
    assert not probes[0][1] & heavy
    assert min(seconds for seconds, _ in probes) < 0.5
