"""The smallest shared things: ids, time, canonical bytes, digests, Merkle trees, sealing, signing, findings, refusals.

Standard library and `cryptography` only. Start at `refusals`, `canonical`, `signing`.
"""
