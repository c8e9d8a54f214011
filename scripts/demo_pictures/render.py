"""Render the demo shop's product pictures.

    python scripts/demo_pictures/render.py [--only NAME ...] [--out DIR] [--draft]

Every module in this folder may define ``PRODUCTS: dict[str, Callable[[], Scene]]``;
the names are the picture file names, which say nothing about what they show.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from studio import Scene, render  # noqa: E402

PHOTOS = HERE.parents[1] / "src" / "vlm4rec" / "demo" / "photos"


def _has_products(source: Path) -> bool:
    """Whether a module assigns PRODUCTS, found without running it."""
    for node in ast.parse(source.read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == "PRODUCTS" for t in targets):
            return True
    return False


def products() -> dict[str, Callable[[], Scene]]:
    """Every product of every module here, by name."""
    found: dict[str, Callable[[], Scene]] = {}
    for source in sorted(HERE.glob("*.py")):
        if source.name != Path(__file__).name and _has_products(source):
            for name, make in importlib.import_module(source.stem).PRODUCTS.items():
                if name in found:
                    raise ValueError(f"two products are called {name!r}")
                found[name] = make
    return dict(sorted(found.items()))


def main() -> None:
    """Render all products, or those asked for."""
    parser = argparse.ArgumentParser(description="Render the demo shop's product pictures.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="render only these products")
    parser.add_argument("--out", type=Path, default=PHOTOS, help="folder for the JPEG files")
    parser.add_argument("--draft", action="store_true", help="coarse and quick")
    args = parser.parse_args()
    known = products()
    unknown = set(args.only or ()) - set(known)
    if unknown:
        parser.error(f"no such product: {', '.join(sorted(unknown))}")
    for name in args.only or known:
        start = time.perf_counter()
        path = render(known[name](), args.out / f"{name}.jpg", draft=args.draft)
        size, took = path.stat().st_size / 1024, time.perf_counter() - start
        print(f"{path.name}  {size:.1f} KB  {took:.1f} s", flush=True)


if __name__ == "__main__":
    main()
