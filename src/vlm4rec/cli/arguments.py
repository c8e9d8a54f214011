"""Arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["JsonOption", "KOption", "ShopArgument"]

ShopArgument = Annotated[Path, typer.Argument(metavar="SHOP", help="The shop's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
KOption = Annotated[int, typer.Option("-k", min=1, help="How many items.")]
