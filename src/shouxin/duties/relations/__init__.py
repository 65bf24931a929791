"""What customers bring that is no right by statute: complaints, and wishes to be called back; state and clock only.

Here: each matter with its due day and its answer. Not here: requests under PIPL 44–50 (`rights`), answers to the
question of consent (`consent`). Start from `services.take_in`, `services.answer`, `queries.open`.
"""
