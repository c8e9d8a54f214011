"""The sample shop inside the package, and the command that shows it."""
