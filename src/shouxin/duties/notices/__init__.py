"""What customers were told, by which channel, and how far it came; what came back.

Here: adopted texts, mailings, deliveries, reply codes and link tokens (as tags only), announcements, the senders in
`channels`. Not here: answers (`consent`), what a text must say (`rulebook.messages`), its words (`formats.papers`).
Start from `services.adopt_text`, `services.send`, `queries.states`, `queries.resolve_code`.
"""
