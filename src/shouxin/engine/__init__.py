"""Bulk work on batches of text columns: reading sources, scanning them, and turning rows into people.

`sources` opens a file or database and yields Arrow batches · `scan` says what stands in it · `plan` says which column
is which field · `kernels` are functions from a batch to columns · `runner` streams batches of people. No Django, no
keys, no clock: the day comes in as a value. Start from `scan.scan` and `runner.run`.
"""
