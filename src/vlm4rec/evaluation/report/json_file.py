"""All numbers of a report as JSON, for a program to read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from vlm4rec.evaluation.report.rows import SettingSummary, Summary
from vlm4rec.evaluation.report.verdict import Finding, Verdict

__all__ = ["MADE_BY", "json_text", "summary_dict"]

MADE_BY = "vlm4rec evaluate"
"""What tells our file from another."""


def json_text(summary: Summary, verdict: Verdict) -> str:
    """Return the file: numbers in full, no time, no duration, nothing undefined."""
    value = summary_dict(summary, verdict)
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def summary_dict(summary: Summary, verdict: Verdict) -> dict[str, Any]:
    """Return all that a report says, as plain values."""
    facts = asdict(summary.facts)
    return {
        "made_by": MADE_BY,
        "verdict": {
            "headline": verdict.headline,
            "best": dict(verdict.best),
            "findings": [_finding(each) for each in verdict.findings],
            "unanswered": list(verdict.unasked),
        },
        "protocol": facts.pop("protocol"),
        "protocol_told": facts.pop("told"),
        **{name: _plain(value) for name, value in facts.items()},
        "metric": summary.metric,
        "reference": summary.reference,
        "options": asdict(summary.options),
        "environment": dict(summary.environment),
        "methods": list(summary.methods),
        "metrics": list(summary.metrics),
        "settings": [_setting(setting) for setting in summary.settings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "setting": finding.setting,
        "over": finding.over,
        "outcome": finding.outcome,
        "sentence": finding.sentence,
        **asdict(finding.compared),
    }


def _setting(setting: SettingSummary) -> dict[str, Any]:
    return {
        "name": setting.name,
        "cases": setting.cases,
        "users": setting.users,
        "repeats": setting.repeats,
        "left_out": dict(setting.left_out),
        "methods": {
            row.name: {
                "metrics": {name: asdict(held) for name, held in row.estimates.items()},
                "chosen": dict(row.chosen),
                "beyond_accuracy": dict(setting.beyond.values[row.name]) if setting.beyond else {},
            }
            for row in setting.rows
        },
        "against_reference": [asdict(each) for each in setting.against],
        "pairs": [asdict(each) for each in setting.pairs],
        "slices": [asdict(each) for each in setting.groups],
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
