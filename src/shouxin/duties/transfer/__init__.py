"""The hand-over between two companies by signed files (PIT-1), as sender (A), as receiver (B), or as checker (V).

Here: transfers, their messages, packages, withdrawals, and the secrets that make rows comparable. Not here: the rules
of the protocol (`ground.formats.pit`), who may be handed over (`rulebook.gates`), destruction (`disposal`).
Start at `services.offer`, `services.pack`, `services.receive`, `services.import_package`; reads are in `queries`.
"""
