"""The impact assessment before anything moves (PIPL 55, 56): drafted from counts and answers, signed by two keys, kept.

Here: editions of the assessment with digest, signatures and the day until which they are kept. Not here: what the
report says in words (`ground.formats.papers`). Start from `services.draft`, `services.sign`,
`evidence.assessment_signed_by_two`.
"""
