"""Answers customers gave: to what text, for which recipient and kinds, by which act, with which proof.

Here: the window in which answers count, the answers with their defects, their sealed proofs, answer sheets.
Not here: texts and reply codes (`notices`), what follows from an answer (`rulebook.gates`), other wishes (`rights`).
Start from `services.record`, `services.import_sheet`, `queries.answers`.
"""
