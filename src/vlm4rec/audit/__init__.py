"""Looking at what LVLMs wrote: what is flagged, a sample, corrections, prompts compared."""

from vlm4rec.audit.audit import Audit, audit_shop
from vlm4rec.audit.corrections import (
    CorrectionReport,
    check_export,
    export_corrections,
    import_corrections,
)
from vlm4rec.audit.differences import Comparison, compare_prompts
from vlm4rec.audit.dropping import drop_corrections

__all__ = [
    "Audit",
    "Comparison",
    "CorrectionReport",
    "audit_shop",
    "check_export",
    "compare_prompts",
    "drop_corrections",
    "export_corrections",
    "import_corrections",
]
