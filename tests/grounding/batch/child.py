"""A run in a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from vlm4rec.grounding.batch.patience import Patience
from vlm4rec.grounding.batch.runner import run_batches
from vlm4rec.grounding.batch.seam import BatchLimits
from vlm4rec.grounding.ledger import Ledger
from vlm4rec.grounding.lvlm import GroundingRequest
from vlm4rec.grounding.prompts import DEFAULT_PROMPT

from .simple_keeper import SimpleKeeper, make_lvlm


async def main(provider: str, url: str, ledger_path: str, requests_path: str) -> int:
    given = json.loads(Path(requests_path).read_text())
    requests = [GroundingRequest(item, photo, sha, DEFAULT_PROMPT) for item, photo, sha in given]
    patience = Patience(first=0.05, longest=0.05, settle=1.0)
    lvlm = make_lvlm(provider, url)
    limits = BatchLimits(9, 10**6)
    # Loaded before the clock of the test runs.
    await lvlm.close()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with Ledger.open(Path(ledger_path)) as ledger:
        report = await run_batches(
            requests,
            lvlm,
            ledger,
            SimpleKeeper(ledger, lvlm),
            limits=limits,
            patience=patience,
            trial=False,
        )
    await lvlm.close()
    return 1 if report.error else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
