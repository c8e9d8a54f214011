"""Run the commands of a Markdown file, so that what it promises is true.

    python readme_commands.py README.md my-env/bin/python

Every block that begins with ```sh is run by bash in the current folder, and every one that begins
with ```python by the interpreter named, one after the other; what fails ends the run. A block
under an HTML comment `<!-- not run: REASON -->` is passed over, and the reason printed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^>]*?) -->\s*)?^```(?P<language>sh|python)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


def main(name: str, interpreter: str) -> None:
    """Run the blocks of a file."""
    commands = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [interpreter, "-c"]}
    count = 0
    for match in BLOCK.finditer(Path(name).read_text(encoding="utf-8")):
        if match["reason"]:
            print(f"-- passed over ({match['reason']}):\n{match['code']}", flush=True)
            continue
        print(f"-- {name}:\n{match['code']}", flush=True)
        subprocess.run([*commands[match["language"]], match["code"]], check=True)
        count += 1
    if not count:
        sys.exit("There was no command to run.")
    print(f"{count} blocks of commands ran to their end.")


if __name__ == "__main__":
    main(*sys.argv[1:])
