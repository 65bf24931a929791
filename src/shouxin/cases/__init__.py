"""A change of the company: playbook, steps, evidence, decision, permit, closing.

Duties offer evidence, cases ask for it; a step closes on findings, never on a click. Start at `services.open_case`,
`services.close_step`, `services.decide`, `services.permit`. What is *not* here: any value of any customer.
"""
