"""The groups of commands that `cli.py` puts together, and what they share."""
