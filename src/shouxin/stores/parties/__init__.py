"""The company, its staff and their undertakings, signing keys, recipients and agreements, roles and permissions.

What is here: who we are, who works here and under which key each signs, to whom we may hand over and under which
agreement, and which access was granted to whom. What is not: customers, and what a role may see (`rulebook.access`
judges; a grant is issued here). "Signed by two" means two keys, each under its own passphrase; it says two keys, not
two humans. Start at `services.found_company`, `services.grant`, `services.record_agreement`.
"""
