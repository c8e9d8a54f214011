"""Prompts that users wrote themselves, each in a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vlm4rec.errors import DataError
from vlm4rec.grounding.prompts import PROMPTS, Prompt

__all__ = ["LONGEST_TEXT", "load_prompt", "prompt_from"]

LONGEST_TEXT = 8_000
"""Characters a prompt's text may have: it is sent, and paid for, with every photo."""

_LONGEST_NAME = 60
_LONGEST_NOTE = 200
_LARGEST_FILE = 1_000_000
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FIELDS = ("name", "version", "text", "domain", "summary")
_REQUIRED = ("name", "version", "text")
_FORM = """Write it as TOML: name = "shoes", version = 1, text = "Describe this shoe." """.strip()


def prompt_from(text: str) -> Prompt:
    """Return the prompt that a user named: by its id, or by the path of a file.

    Parameters
    ----------
    text
        An id of `vlm4rec.grounding.prompts.PROMPTS`, or a path that ends in ``.toml``.

    Raises
    ------
    DataError
        If there is no such prompt, or the file can't be used.

    Examples
    --------
    >>> prompt_from("furniture-v1").domain
    'furniture'
    >>> prompt_from("furniture")
    Traceback (most recent call last):
    vlm4rec.errors.DataError: There is no prompt 'furniture'. Choose from: paper-v1, general-v1, \
fashion-v1, furniture-v1, food-v1, film-posters-v1; or name a file that ends in .toml.
    """
    if text.lower().endswith(".toml"):
        return load_prompt(text)
    if text not in PROMPTS:
        raise DataError(
            f"There is no prompt {text!r}.",
            f"Choose from: {', '.join(PROMPTS)}; or name a file that ends in .toml.",
        )
    return PROMPTS[text]


def load_prompt(path: str | Path) -> Prompt:
    r"""Read a prompt from a TOML file.

    It holds ``name`` (lower-case words joined by hyphens), ``version`` (a whole number from 1
    up), ``text`` (up to `LONGEST_TEXT` characters, in which ``{title}`` stands for the item's
    title) and, if you like, ``domain`` and ``summary``. Blank lines around the text are dropped.

    Raises
    ------
    DataError
        If the file can't be read, is not UTF-8 or TOML, lacks a field, has one that is not
        known or of the wrong kind, or takes the id of a prompt of the package for another text.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "shoes.toml"
    ...     text = 'name = "shoes"\nversion = 2\ntext = "Describe this shoe, a {title}."'
    ...     _ = path.write_text(text, encoding="utf-8")
    ...     prompt = load_prompt(path)
    >>> prompt.id, prompt.about("boot")
    ('shoes-v2', 'Describe this shoe, a boot.')
    """
    path = Path(path).expanduser()
    fields = _fields(path)
    if unknown := [name for name in fields if name not in _FIELDS]:
        raise DataError(
            f"{path} has the field {unknown[0]!r}, which a prompt has not.",
            f"Its fields are {', '.join(_FIELDS)}.",
        )
    if missing := [name for name in _REQUIRED if name not in fields]:
        raise DataError(f"{path} has no {missing[0]}.", _FORM)
    prompt = Prompt(
        _name(path, fields["name"]),
        _version(path, fields["version"]),
        _text(path, fields["text"]),
        _note(path, fields, "domain"),
        _note(path, fields, "summary"),
    )
    known = PROMPTS.get(prompt.id)
    if known is not None and known.text != prompt.text:
        raise DataError(
            f"{path} is called {prompt.id}, and so is a prompt of the package with another text.",
            "Choose another name.",
        )
    return prompt


def _fields(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE)
    except OSError as error:
        raise DataError(
            f"{path} can't be read: {error.strerror or error}.",
            "Name a prompt of the package (vlm4rec prompts lists them), or a file that is there.",
        ) from None
    except ValueError:  # a path that holds a null character
        raise DataError(f"{str(path)!r} is no path of a file.", "Check the path.") from None
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        place = f"at byte {error.start:,}"
        raise DataError(f"{path} is not UTF-8 text ({place}).", "Save it as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        told = " ".join(str(error).split())
        raise DataError(f"{path} is not TOML: {told}.", _FORM) from None


def _name(path: Path, value: object) -> str:
    if isinstance(value, str) and len(value) <= _LONGEST_NAME and _NAME.fullmatch(value):
        return value
    raise DataError(
        f"The name in {path} is not lower-case letters and digits in words joined by hyphens.",
        f'Write it as name = "running-shoes", with at most {_LONGEST_NAME} characters.',
    )


def _version(path: Path, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000:
        return value
    raise DataError(
        f"The version in {path} is not a whole number from 1 up.",
        "Write it as version = 1, and count it up with every change of the text.",
    )


def _text(path: Path, value: object) -> str:
    if not isinstance(value, str):
        raise DataError(f"The text in {path} is not a text.", "Put it between quotes.")
    text = value.strip()
    if not text:
        raise DataError(f"The text in {path} is empty.", "Write what the model is to be asked.")
    if len(text) > LONGEST_TEXT:
        raise DataError(
            f"The text in {path} has {len(text):,} characters, and {LONGEST_TEXT:,} are the most.",
            "Make it shorter: it is sent, and paid for, with every photo.",
        )
    return text


def _note(path: Path, fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise DataError(f"The {name} in {path} is not a text.", "Put it between quotes.")
    note = " ".join(value.split())
    if len(note) > _LONGEST_NOTE:
        raise DataError(
            f"The {name} in {path} has {len(note):,} characters.",
            f"Say it in at most {_LONGEST_NOTE}.",
        )
    return note
