"""Wall time and peak memory of each step of the main job, as whole processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from vlm4rec import Shop
from vlm4rec.demo.run import sample_folder

SAMPLE = os.environ.get("VLM4REC_HM")
ROUNDS = 3


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


def run_path(folder: Path, source: Path) -> dict[str, dict[str, float]]:
    """Run the steps one after the other, then those that have nothing left to do."""
    shop, page = str(folder / "shop"), str(folder / "page")
    init = ["init", shop, "--format", "hm", "--source", str(source)]
    if not SAMPLE:
        items, events = str(source / "items.csv"), str(source / "interactions.csv")
        init = ["init", shop, "--source", items, "--interactions", events]
    ground = ["ground", shop, "--lvlm", f"recorded:{source / 'groundings.jsonl'}"]
    steps = {"init": measure(*init), "ground": measure(*ground), "encode": measure("encode", shop)}
    opened = Shop.open(shop)
    user = max(opened.interactions.users, key=lambda name: len(opened.history(name)))
    history = ",".join(opened.vectors.ids[:5])
    return steps | {
        "recommend a user": measure("recommend", shop, "--user", user),
        "recommend a new history": measure("recommend", shop, "--history", history),
        "gallery": measure("gallery", shop, "--out", page),
        "status": measure("status", shop),
        "init again": measure(*init),
        "ground again": measure(*ground),
        "encode again": measure("encode", shop),
    }


def main() -> None:
    """Run the path a few times, each in a new folder; print the medians."""
    source = Path(SAMPLE) if SAMPLE else sample_folder()
    rounds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(run_path(Path(folder), source))
            opened = Shop.open(Path(folder) / "shop")
            facts = {"items": len(opened.catalog), "covered": len(opened.vectors)}
    steps = {
        name: {unit: median(each[name][unit] for each in rounds) for unit in rounds[0][name]}
        for name in rounds[0]
    }
    told = {"benchmark": "path", "cpus": os.cpu_count(), "rounds": ROUNDS, **facts, "steps": steps}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
