"""The command `vlm4rec`."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Annotated

import typer

from vlm4rec._version import __version__
from vlm4rec.cli import auditing, building, evaluating, looking, prices, recommending, tuning
from vlm4rec.errors import DataError, Vlm4recError

__all__ = ["app", "run"]

app = typer.Typer(
    name="vlm4rec",
    help="Recommend things that have pictures: a vision-language model describes each photo "
    "once, and matching the descriptions does the rest.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (building, recommending, auditing, evaluating, tuning, looking, prices):
    module.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vlm4rec {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say which."),
    ] = False,
) -> None:
    """Recommend things that have pictures."""


def run() -> None:
    """Run the command line; what goes wrong is told in a sentence, and the exit code is 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter must not end us
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except Vlm4recError as error:
        _fail(error)
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing more may be written to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        _fail(_operating_system_error(error))


def _fail(error: Vlm4recError) -> None:
    from vlm4rec.cli.console import print_error

    print_error(error)
    sys.exit(1)


def _operating_system_error(error: OSError) -> Vlm4recError:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return DataError(
            f"The disk is full{where}.", "Make room and run the same command again; it goes on."
        )
    reason = error.strerror or str(error) or type(error).__name__
    return DataError(f"The system refused: {reason}{where}.")
