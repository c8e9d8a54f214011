"""Wall time and peak memory of each step of the main job, as whole processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLE = os.environ.get("VLM4REC_HM")


def measure(*arguments: str) -> dict[str, float]:
    """Run a command; return its wall time in seconds and its peak memory in MB."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "vlm4rec", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {process.returncode}")
    seconds = time.perf_counter() - start
    return {"seconds": round(seconds, 2), "peak_mb": round(usage.ru_maxrss / 1024)}


def main() -> None:
    """Run the steps one after the other, then those that have nothing left to do."""
    from vlm4rec.demo.run import sample_folder

    with tempfile.TemporaryDirectory() as folder:
        shop, page = str(Path(folder) / "shop"), str(Path(folder) / "page")
        source = Path(SAMPLE) if SAMPLE else sample_folder()
        if SAMPLE:
            init = ["init", shop, "--format", "hm", "--source", str(source)]
        else:
            items, events = str(source / "items.csv"), str(source / "interactions.csv")
            init = ["init", shop, "--format", "csv", "--source", items, "--interactions", events]
        ground = ["ground", shop, "--lvlm", f"recorded:{source / 'groundings.jsonl'}"]
        steps = {
            "init": measure(*init),
            "ground": measure(*ground),
            "encode": measure("encode", shop),
        }
        from vlm4rec import Shop

        opened = Shop.open(shop)
        user = max(opened.interactions.users, key=lambda name: len(opened.history(name)))
        history = ",".join(opened.vectors.ids[:5])
        steps |= {
            "recommend a user": measure("recommend", shop, "--user", user),
            "recommend a new history": measure("recommend", shop, "--history", history),
            "gallery": measure("gallery", shop, "--out", page),
            "status": measure("status", shop),
            "init again": measure(*init),
            "ground again": measure(*ground),
            "encode again": measure("encode", shop),
        }
        facts = {"items": len(opened.catalog), "covered": len(opened.vectors)}
    print(json.dumps({"benchmark": "path", "cpus": os.cpu_count(), **facts, "steps": steps}))


if __name__ == "__main__":
    main()
