"""The field's judgments: pure functions over values and columns, with the law that each rests on.

`terms` words in two languages · `law` statutes held verbatim, obligations, citations · `workdays` the Chinese working
calendar · `gates` who may be handed over, asked, told, sealed, destroyed · `retention` how long which fields must be
kept · `bases` lawful bases and what makes a consent defective · `access` who may see what for which purpose ·
`messages` what a notice and an agreement must say. No database, no clock, no network here: facts come in as values,
judgments go out as values. Read `gates` first.
"""
