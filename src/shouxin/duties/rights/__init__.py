"""What customers ask of the company (PIPL 44–50): copy, correct, delete, restrict, explain; state and clock only.

Here: each request with its due day, its answer or its refusal with the reason. Not here: doing what was asked.
Start from `services.take_in`, `services.answer`, `services.refuse`, `queries.open_by_customer`.
"""
