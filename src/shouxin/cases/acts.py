"""What a playbook's step asks someone to do, and the command that does it. Written by hand; a test keeps docs equal."""

from collections.abc import Mapping

ACTS: Mapping[str, str] = {
    "parties.sign_undertaking": "shouxin staff add",
    "inventory.register_source": "shouxin source add",
    "inventory.mark_good": "shouxin source goods",
    "inventory.confirm_plan": "shouxin source confirm",
    "inventory.collect": "shouxin collect",
    "cases.fix_flows": "shouxin case open",
    "review.sign_assessment": "shouxin assessment sign",
    "parties.record_agreement": "shouxin recipient agreement",
    "backup.escrow": "shouxin backup escrow",
    "backup.drill": "shouxin backup drill",
    "cases.state": "shouxin case state",
    "notices.adopt_text": "shouxin notices adopt",
    "notices.send": "shouxin notices send",
    "consent.record": "shouxin consent import",
    "rights.answer": "shouxin rights answer",
    "relations.answer": "shouxin rights settle",
    "cases.decide": "shouxin case decide",
    "transfer.offer": "shouxin transfer offer",
    "transfer.pack": "shouxin transfer pack",
    "transfer.settle": "shouxin transfer settle",
    "cases.permit": "shouxin case permit",
    "disposal.destroy": "shouxin dispose destroy",
    "disposal.dispose_sources": "shouxin dispose sources",
    "disposal.certificate": "shouxin dispose certificate",
    "evidence.export": "shouxin evidence export",
}
