"""Make the pictures of the documentation with the project's own commands, on the sample shop.

    make pictures

needs Chromium; it looks at the pages as a reader would.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from vlm4rec.demo.run import sample_folder

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SHOWN = ("carla", "estelle")
VLM4REC = [sys.executable, "-m", "vlm4rec"]


def main() -> None:
    """Make the pages, and take their pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        take_picture(browser, gallery(folder), IMAGES / "gallery.png")
        take_picture(browser, audit(folder), IMAGES / "audit.png")
        browser.close()


def gallery(folder: Path) -> Path:
    """Run the demo, and draw a gallery of some customers."""
    run("demo", "--out", folder)
    users = [part for user in SHOWN for part in ("--user", user)]
    run("gallery", folder / "shop", "--out", folder / "page", "-k", "5", *users)
    return folder / "page"


def audit(folder: Path) -> Path:
    """Draw the audit page of the sample shop, some of whose descriptions are spoiled on purpose."""
    lines = (sample_folder() / "groundings.jsonl").read_text("utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    for answer in answers[4::17]:
        answer["description"] = " ".join(answer["description"].split()[:-3]) + " and"
    for answer in answers[9::23]:
        answer["description"] = "I'm sorry, but I can't describe this image."
    for answer in answers[7::29]:
        answer["colors"] = ["green"] if "red" in answer["colors"] else ["red"]
    spoiled, shop = folder / "spoiled.jsonl", folder / "sample-shop"
    spoiled.write_text("\n".join(map(json.dumps, answers)) + "\n", "utf-8")
    run("init", shop, "--source", sample_folder() / "items.csv")
    run("ground", shop, "--lvlm", f"recorded:{spoiled}")
    run("audit", shop, "--out", folder / "audit", "--sample", "40")
    return folder / "audit"


def run(*arguments: str | Path) -> None:
    subprocess.run([*VLM4REC, *map(str, arguments)], check=True)


def take_picture(browser: Browser, page: Path, picture: Path) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 1360})
    tab.goto((page / "index.html").as_uri())
    tab.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    tab.evaluate("Promise.all([...document.images].map(i => i.decode()))")
    shot = page.with_name(picture.name)
    tab.screenshot(path=shot)
    tab.close()
    with Image.open(shot) as image:
        colours = image.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
        colours.save(picture, optimize=True)


if __name__ == "__main__":
    main()
