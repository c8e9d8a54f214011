"""Numbers and names as a reader sees them, the same on the page, in LaTeX and in the terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vlm4rec.evaluation.metrics import METRICS

__all__ = [
    "SETTINGS",
    "listed",
    "main_columns",
    "metric_label",
    "named",
    "number",
    "one_line",
    "p_value",
    "setting_phrase",
    "setting_title",
    "signed",
    "times",
]

SETTINGS = {
    "variants in": ("Variants counted in", "with variants counted in"),
    "variants out": ("Variants left out", "with variants left out"),
}
"""For each setting its title, and how a sentence names it."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def metric_label(metric: str) -> str:
    """Return a metric's name for readers.

    >>> metric_label("ndcg@10"), metric_label("own")
    ('NDCG@10', 'own')
    """
    name, at, k = metric.partition("@")
    return f"{METRICS[name].title if name in METRICS else name}{at}{k}"


def setting_title(name: str) -> str:
    """Return what a setting is called above its table."""
    return SETTINGS.get(name, (name[:1].upper() + name[1:], ""))[0]


def setting_phrase(name: str) -> str:
    """Return how a sentence names a setting.

    >>> setting_phrase("variants in")
    'with variants counted in'
    """
    return SETTINGS.get(name, ("", f"under “{name}”"))[1]


def number(value: float) -> str:
    """Return a metric's value.

    >>> number(0.03401), number(-0.00004)
    ('0.0340', '0.0000')
    """
    text = f"{value:.4f}"
    return text.removeprefix("-") if float(text) == 0 else text


def signed(value: float) -> str:
    """Return a difference, with a real minus.

    >>> signed(0.0012), signed(-0.0012), signed(0)
    ('+0.0012', '−0.0012', '0.0000')
    """
    text = number(value)
    return text if float(text) == 0 else f"{'+' if value > 0 else '−'}{text.removeprefix('-')}"


def p_value(p: float) -> str:
    """Return a p value as in a sentence.

    >>> p_value(0.0004), p_value(0.0123), p_value(0.3)
    ('p < 0.001', 'p = 0.012', 'p = 0.30')
    """
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def times(first: float, second: float) -> str:
    """Say how many times the second the first is; empty where that means nothing.

    >>> times(3, 2), times(1, 0)
    ('1.50 times', '')
    """
    return f"{first / second:.2f} times" if second > 0 else ""


def listed(names: Sequence[str], word: str = "and") -> str:
    """Return names as a sentence lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    *before, last = names
    return f"{', '.join(before)} {word} {last}" if before else last


def one_line(text: str, most: int = 0) -> str:
    r"""Return text without line breaks and control characters, cut where it is too long.

    >>> one_line("a\n b", 9), one_line("abcdef", 4)
    ('a b', 'abc…')
    """
    plain = " ".join(_CONTROL.sub(" ", text).split())
    return f"{plain[: most - 1]}…" if most and len(plain) > most else plain


def named(name: str) -> str:
    """Return a method's name between quotation marks: it may consist of several words."""
    return f"“{one_line(name, 60)}”"


def main_columns(metrics: Sequence[str], main: str) -> list[str]:
    """Return the metrics of the main table: all at the cut-off of the main one, that one first.

    >>> main_columns(["recall@5", "recall@10", "ndcg@5", "ndcg@10"], "ndcg@10")
    ['ndcg@10', 'recall@10']
    """
    at = main.partition("@")[2]
    return [main, *(name for name in metrics if name != main and name.partition("@")[2] == at)]
