"""Long work: steps, leases, progress, cancel, resume.

A job is the truth about work that may be interrupted: how far it came (`done`, `cursor`) and who is at it (the lease).
What the work does is its caller's. `advance` stands inside the batch's own transaction, so that the cursor and the
data are both there or neither. Start at `services.begin`, `services.advance`, `services.finish`.
"""
