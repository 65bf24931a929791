"""All verbs of an installation, in one tree. Imported after Django is set up."""

import typer

from shouxin.faces.cli import (
    casework,
    ending,
    founding,
    information,
    keeping,
    plain,
    proving,
    serving,
    telling,
    transferring,
)

app = plain.app
app.command()(founding.init)
app.add_typer(founding.company_app, name="company")
app.add_typer(founding.staff_app, name="staff")
app.add_typer(founding.recipient_app, name="recipient")
app.add_typer(information.source_app, name="source")
app.command()(information.collect)
app.add_typer(information.customer_app, name="customer")
app.add_typer(casework.case_app, name="case")
app.add_typer(casework.assessment_app, name="assessment")
app.add_typer(telling.notices_app, name="notices")
app.add_typer(telling.consent_app, name="consent")
app.add_typer(telling.rights_app, name="rights")
app.add_typer(ending.hold_app, name="hold")
app.add_typer(transferring.app, name="transfer")
app.add_typer(ending.app, name="dispose")
app.add_typer(keeping.app, name="backup")
app.add_typer(proving.ledger_app, name="ledger")
app.add_typer(proving.evidence_app, name="evidence")
app.command()(serving.serve)

__all__ = ["app", "typer"]
