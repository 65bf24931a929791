"""Per-customer keys, sealed values, blind indexes; shredding of keys.

What is here: the key hierarchy (KEK, root, page-key table, leaves), sealed records, the customers' states, the blind
index and the key escrow. What is not: who a customer is (inventory), who may ask (parties issues the `Grant`), whole
backups (backup). A value comes out through `services.open_for` only. Start at `services.allocate`,
`services.seal_batch`, `services.shred`; the rules of the key files stand at the top of `keyring`.
"""
