"""The report of an evaluation: files for programs and papers, and one page for people."""

from __future__ import annotations

from vlm4rec.evaluation.report.items import ReportItems
from vlm4rec.evaluation.report.rows import ReportOptions, Summary
from vlm4rec.evaluation.report.summary import summarise
from vlm4rec.evaluation.report.writing import Report, check_folder, write_report

__all__ = [
    "Report",
    "ReportItems",
    "ReportOptions",
    "Summary",
    "check_folder",
    "summarise",
    "write_report",
]
