"""Whether what an LVLM wrote is good enough: the gates, and what is done about what they find."""
