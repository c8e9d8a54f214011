"""What is done about an answer in which a gate found something."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from vlm4rec.errors import DataError
from vlm4rec.grounding.quality.flags import FLAGS, UNREADABLE, by_severity

__all__ = ["DEFAULT_STEPS", "STEPS", "Policy", "Step", "Verdict"]

Verdict = Literal["keep", "again", "leave-out"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done about one flag.

    Parameters
    ----------
    again
        Whether the photo is asked about once more.
    keep
        Whether the answer is used with its flag if that did not help, or is not done.
    """

    again: bool
    keep: bool

    def __str__(self) -> str:
        return ("again+" if self.again else "") + ("keep" if self.keep else "leave-out")


STEPS: Mapping[str, Step] = MappingProxyType(
    {str(step): step for step in (Step(a, k) for a in (False, True) for k in (True, False))}
)
"""The steps by how they are spelled: keep, leave-out, again+keep, again+leave-out."""

# A description in another language is true, and many encoders compare it none the less: it is
# better than none, for an item without one is never recommended.
_KEPT_ALWAYS = ("contradiction", "title-copied")
_ASKED_AND_KEPT = ("language", "cut-off", "same-text")

DEFAULT_STEPS: Mapping[str, Step] = MappingProxyType(
    {name: Step(name not in _KEPT_ALWAYS, name in _KEPT_ALWAYS + _ASKED_AND_KEPT) for name in FLAGS}
)
"""What is done about each flag unless something else is said."""

_LARGEST_FILE = 1_000_000
_FORM = 'Write it as TOML: a table [flags] with lines such as cut-off = "keep".'


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about each flag.

    Parameters
    ----------
    steps
        By the name of the flag; those that are absent are as in `DEFAULT_STEPS`.

    Examples
    --------
    >>> policy = Policy.parse(["cut-off=keep"])
    >>> policy.verdict(["cut-off"], again_possible=True)
    'keep'
    >>> Policy().verdict(["cut-off"], again_possible=True)
    'again'
    >>> Policy().verdict(["refused"], again_possible=False)
    'leave-out'
    """

    steps: Mapping[str, Step] = field(default_factory=lambda: DEFAULT_STEPS)

    def __post_init__(self) -> None:
        for name, step in self.steps.items():
            _checked(name, step)
        whole = MappingProxyType({**DEFAULT_STEPS, **self.steps})
        object.__setattr__(self, "steps", whole)

    @classmethod
    def parse(cls, entries: Iterable[str], base: Policy | None = None) -> Policy:
        """Return a policy with some steps changed.

        Parameters
        ----------
        entries
            Each ``FLAG=STEP``; of two about the same flag the last one counts.
        base
            What is changed; the default policy if it is None.

        Raises
        ------
        DataError
            If there is no such flag or step, or the flag can't have the step.

        Examples
        --------
        >>> Policy.parse(["cut-off=maybe"])
        Traceback (most recent call last):
        vlm4rec.errors.DataError: There is no step 'maybe' for the flag cut-off. Choose from: \
keep, leave-out, again+keep, again+leave-out.
        """
        steps = dict((base or cls()).steps)
        for entry in entries:
            name, equals, spelled = (part.strip() for part in entry.partition("="))
            if not equals:
                raise DataError(f"{entry!r} names no step.", "Write it as cut-off=keep.")
            steps[name] = _step(name, spelled)
        return cls(steps)

    @classmethod
    def load(cls, path: str | Path) -> Policy:
        r"""Read a policy from a TOML file; flags that it does not name have the default step.

        Raises
        ------
        DataError
            If the file can't be read, is not TOML, or says something else than steps.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "policy.toml"
        ...     _ = path.write_text('[flags]\nlanguage = "leave-out"\n')
        ...     str(Policy.load(path).steps["language"])
        'leave-out'
        """
        steps = {}
        for name, spelled in _table(Path(path)).items():
            try:
                steps[name] = _step(name, spelled)
            except DataError as error:
                raise DataError(f"{path}: {error.message}", error.remedy) from None
        return cls(steps)

    def verdict(self, flags: Iterable[str], *, again_possible: bool) -> Verdict:
        """Say what is done with an answer that has these flags.

        Parameters
        ----------
        flags
            Names; those that are not known, of another version perhaps, count for nothing.
        again_possible
            Whether the photo can be asked about once more.
        """
        steps = [self.steps[name] for name in flags if name in self.steps]
        if again_possible and any(step.again for step in steps):
            return "again"
        return "keep" if all(step.keep for step in steps) else "leave-out"

    def better(self, first: Iterable[str], second: Iterable[str]) -> int:
        """Say which of two answers about a photo is used: 0 for the first, 1 for the second.

        One that is kept goes before one that is left out; then the one whose worst flag is the
        less severe, in the order of `FLAGS`; then the first.

        >>> Policy().better(["cut-off"], []), Policy().better(["cut-off"], ["repetition"])
        (1, 0)
        """
        return 0 if self._badness(first) <= self._badness(second) else 1

    def spelled(self) -> dict[str, str]:
        """Return the steps as they are spelled, by flag, for a manifest or a page."""
        return {name: str(step) for name, step in self.steps.items()}

    def describe(self) -> str:
        """Return a line for each flag, with what is done about it.

        >>> print(Policy().describe().splitlines()[-1])
        title-copied   keep             used as it is, with the flag
        """
        return "\n".join(
            f"{name:<14} {step!s:<16} {_in_words(step)}" for name, step in self.steps.items()
        )

    def _badness(self, flags: Iterable[str]) -> tuple[bool, list[int]]:
        names = by_severity(flags)
        places = [len(FLAGS) - place for place, name in enumerate(FLAGS) if name in names]
        return self.verdict(names, again_possible=False) == "leave-out", places


def _in_words(step: Step) -> str:
    if step.again:
        end = "used with the flag" if step.keep else "left out"
        return f"asked about once more; {end} if that does not help"
    return "used as it is, with the flag" if step.keep else "left out at once"


def _step(name: str, spelled: object) -> Step:
    step = STEPS.get(spelled) if isinstance(spelled, str) else None
    if name in FLAGS and step is None:
        raise DataError(
            f"There is no step {spelled!r} for the flag {name}.", f"Choose from: {_choices(name)}."
        )
    return _checked(name, step or Step(again=False, keep=False))


def _checked(name: str, step: Step) -> Step:
    if name not in FLAGS:
        raise DataError(f"There is no flag {name!r}.", f"Choose from: {', '.join(FLAGS)}.")
    if step.keep and name in UNREADABLE:
        raise DataError(
            f"An answer with the flag {name} can't be kept: there is no description in it.",
            f"Choose from: {_choices(name)}.",
        )
    return step


def _choices(name: str) -> str:
    return ", ".join(
        spelled for spelled, step in STEPS.items() if not (step.keep and name in UNREADABLE)
    )


def _table(path: Path) -> Mapping[str, object]:
    """Read the table ``flags`` of a TOML file."""
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or "that is no path"
        raise DataError(f"{path} can't be read: {what}.", "Check the path.") from None
    if len(raw) > _LARGEST_FILE:
        raise DataError(f"{path} is too large for a policy.", _FORM)
    try:
        found = tomllib.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "not UTF-8 or too deep"
        raise DataError(f"{path} is not TOML: {what}.", _FORM) from None
    other = [name for name in found if name != "flags"]
    if other:
        raise DataError(f"{path} has {other[0]!r} beside the table [flags].", _FORM)
    table = found.get("flags")
    if not isinstance(table, dict):
        raise DataError(f"{path} has no table [flags].", _FORM)
    return table
