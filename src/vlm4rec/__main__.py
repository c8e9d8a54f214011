"""Run the command line as `python -m vlm4rec`."""

from vlm4rec.cli.main import run

if __name__ == "__main__":
    run()
