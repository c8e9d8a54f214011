"""Run the shell commands of a Markdown file, so that what it promises is true.

Every block that begins with ```sh is run by bash in the current folder, one after the other; a
failing command ends the run. A block under an HTML comment `<!-- not run: REASON -->` is passed
over, and the reason printed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^>]*?) -->\s*)?^```sh\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)


def main() -> None:
    """Run the blocks of the files named on the command line."""
    count = 0
    for name in sys.argv[1:]:
        for match in BLOCK.finditer(Path(name).read_text(encoding="utf-8")):
            if match["reason"]:
                print(f"-- passed over ({match['reason']}):\n{match['code']}", flush=True)
                continue
            print(f"-- {name}:\n{match['code']}", flush=True)
            subprocess.run(["bash", "-euo", "pipefail", "-c", match["code"]], check=True)
            count += 1
    if not count:
        sys.exit("There was no command to run.")
    print(f"{count} blocks of commands ran to their end.")


if __name__ == "__main__":
    main()
