"""Sources, columns, the customer index, goods and boxes; collecting into the vault.

Here lives what a company holds: where it lies, what it is, whose it is. Values do not: they go to the vault in the pass
that reads them. Start at `services.register_source`, `services.collect`, `queries.facts`.
"""
