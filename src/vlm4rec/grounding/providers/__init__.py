"""One module for each way to reach an LVLM."""
