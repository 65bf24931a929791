"""The figures, as ratios in one run: `python -m bench`. Each module has a `run` that gives them."""
