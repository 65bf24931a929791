"""Append-only entries in a Merkle tree; signed checkpoints; proofs; the company's clock.

What is here: one tree per company (RFC 6962), its entries as canonical JSON, the checkpoints the company signed, those
that came home cosigned, and the peers' checkpoints we saw. What is not: personal information, and the signing keys (a
`Signer` is passed in). Start at `services.append`, `services.checkpoint`, `queries.inclusion`.
"""
