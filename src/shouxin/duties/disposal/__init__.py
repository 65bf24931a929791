"""Holds, permits, destruction, every registered place and its end, certificates.

What lives here: who must not be destroyed and why; the frozen plan; destruction under a permit, step by step; the end
of every file, spool, box and thing; the certificate and its chain; the balance. Not here: who decides (cases), keys
(vault), the other company's copy (transfer). Read `services.destroy`, then `services.dispose_sources`, then
`services.certificate`.
"""
