"""What the closing report says of a case, in words of both languages, from what the duties recorded."""

from datetime import datetime

from shouxin.cases.models import Case
from shouxin.duties.consent import queries as consent
from shouxin.duties.disposal import queries as disposal
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.transfer import queries as transfer
from shouxin.ground.formats.balance import Balance
from shouxin.ground.formats.certificate import Words
from shouxin.ground.formats.report.closing import ClosingFacts, Exceptional, Relied
from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.rulebook import law, terms
from shouxin.ground.rulebook.gates import DecisionSet, ruling
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties


def closing_facts(
    row: Case,
    *,
    decided: DecisionSet,
    balance: Balance,
    not_proved: tuple[Words, ...],
    checkpoint: bytes,
    at: datetime,
) -> ClosingFacts:
    """Facts, structure, rule, people by end, exceptions and waivers, readings and unverified rules relied on.
    `checkpoint`: the root of the ledger that the pack shows.
    """
    return ClosingFacts(
        company=parties.company().name,
        case=row.id,
        simulated=ledger.is_simulated(),
        issued=at,
        facts=_facts(row, balance, at),
        structure=_structure(row),
        rule=_rule(row),
        ends={name: count or 0 for name, count in balance.persons.ends.items()},
        exceptions=_exceptions(row),
        relied=_relied(row, decided),
        not_proved=not_proved,
        decision_set=decided.digest,
        checkpoint=to_base64(checkpoint),
    )


def _facts(row: Case, balance: Balance, at: datetime) -> list[Words]:
    sources, answers = inventory.sources(), consent.counts(row.id, at)
    read = sum(each.rows_read for each in sources)
    said = {name: answers.get(name, 0) for name in ("agree", "refuse", "withdraw", "call_me")}
    found = [
        Words(
            zh=f"登记来源 {len(sources)} 处,读取 {read:,} 行,收进加密保险柜并逐行核对相符;"
            f"客户 {balance.persons.customers:,} 人。",
            en=f"{len(sources)} sources registered, {read:,} rows read into the vault and balanced; "
            f"{balance.persons.customers:,} customers.",
        ),
        Words(
            zh=f"截止时的答复:同意 {said['agree']:,},不同意 {said['refuse']:,},撤回 {said['withdraw']:,};"
            "其余没有答复,不移交。",
            en=f"Standing answers: {said['agree']:,} agreed, {said['refuse']:,} refused, "
            f"{said['withdraw']:,} withdrew; "
            "whoever did not answer was not handed over.",
        ),
    ]
    found += _papers()
    for each in transfer.transfers(row.id):
        found.append(
            Words(
                zh=f"移交 {each.tid}:{each.messages} 封签名消息,状态 {each.status}。",
                en=f"Hand-over {each.tid}: {each.messages} signed messages, state {each.status}.",
            )
        )
    for issued in disposal.issued(row.id)[-1:]:
        found.append(
            Words(
                zh=f"销毁证明 {issued.id}({issued.headline})。",
                en=f"Certificate of destruction {issued.id} ({issued.headline}).",
            )
        )
    return found


def _papers() -> list[Words]:
    """What the sheets in paper boxes are, where there are any."""
    boxes = [each for each in inventory.papers_balance() if each.sheets]
    if not boxes:
        return []
    sheets, living, gone, unknown = (
        sum(getattr(each, name) for each in boxes) for name in ("sheets", "of_customers", "of_destroyed", "unmatched")
    )
    return [
        Words(
            zh=f"纸箱 {len(boxes)} 只,按合同目录共 {sheets:,} 份:现有客户 {living:,} 份,已销毁的客户 {gone:,} 份,"
            f"认不出客户 {unknown:,} 份。",
            en=f"{len(boxes)} paper boxes with {sheets:,} sheets by their index: {living:,} of present customers, "
            f"{gone:,} of people destroyed, {unknown:,} of nobody recognised.",
        )
    ]


def _structure(row: Case) -> list[Words]:
    fixed = row.interview
    closing, names = fixed["closing_on"], [terms.term(f"structure.{name}") for name in fixed["structures"]]
    found = [
        Words(
            zh="、".join(each.zh for each in names) + f"，{closing}。",
            en=f"{', '.join(each.en for each in names)}; {closing}.",
        )
    ]
    for flow in fixed["flows"]:
        role, name = terms.term(f"flow_role.{flow['role']}"), parties.recipient(flow["recipient"]).name
        found.append(Words(zh=f"接收方 {name}（{role.zh}）。", en=f"To {name} ({role.en})."))
    if fixed["ends_business"]:
        found.append(
            Words(
                zh=f"{closing} 起对所有客户终止该业务，无论其怎样答复。",
                en=f"From {closing} this business ends for every customer, whatever they answer.",
            )
        )
    return found


def _rule(row: Case) -> list[Words]:
    cited, fixed = law.cite(row.interview["rule"]), row.interview
    return [Words(zh=f"{cited.zh}：{fixed['reading']}。", en=f"{cited.en}: {fixed['reading_en']}.")]


def _exceptions(row: Case) -> list[Exceptional]:
    return [
        Exceptional(
            words=Words(
                zh=f"{each.step} · {each.check_name}:{each.reason}",
                en=f"{each.step} · {each.check_name}: {each.reason}",
            ),
            approved_by=each.approved_by,
            until=each.expires_at.date().isoformat(),
        )
        for each in row.waivers.order_by("id")
    ]


def _relied(row: Case, decided: DecisionSet) -> list[Relied]:
    """Readings of the rows that decided somebody, and law that was cited without a checked text."""
    fixed = row.interview
    found = {fixed["rule"]: Relied(fixed["rule"], "R", Words(zh=fixed["reading"], en=fixed["reading_en"]))}
    for outcome in sorted({*decided.outcome.ravel().tolist(), *decided.end_outcome.ravel().tolist()}):
        said = ruling(int(outcome))
        for each in (law.cite(name) for name in said.law):
            if said.is_reading or not each.is_verified:
                mark = "R" if each.is_verified else each.mark
                found[each.id] = Relied(each.id, mark, Words(zh=each.zh, en=each.en))
    return list(found.values())
