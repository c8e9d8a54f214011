"""Make the pictures of the documentation with the project's own commands, on the sample shop.

    make pictures

needs Chromium; it looks at the pages as a reader would.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SHOWN = ("carla", "estelle")


def main() -> None:
    """Run the demo, draw a gallery of three customers, and take its picture."""
    with tempfile.TemporaryDirectory() as folder:
        vlm4rec = [sys.executable, "-m", "vlm4rec"]
        page = Path(folder) / "page"
        subprocess.run([*vlm4rec, "demo", "--out", folder], check=True)
        users = [part for user in SHOWN for part in ("--user", user)]
        command = [*vlm4rec, "gallery", f"{folder}/shop", "--out", str(page), "-k", "5", *users]
        subprocess.run(command, check=True)
        shot = Path(folder) / "shot.png"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            tab = browser.new_page(viewport={"width": 1280, "height": 1360})
            tab.goto((page / "index.html").as_uri())
            tab.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
            tab.evaluate("Promise.all([...document.images].map(i => i.decode()))")
            tab.screenshot(path=shot)
            browser.close()
        IMAGES.mkdir(parents=True, exist_ok=True)
        with Image.open(shot) as picture:
            colours = picture.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
            colours.save(IMAGES / "gallery.png", optimize=True)


if __name__ == "__main__":
    main()
