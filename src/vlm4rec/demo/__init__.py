"""The sample shop inside the package, and the command that shows it."""

from vlm4rec.demo.run import Demo, run_demo

__all__ = ["Demo", "run_demo"]
