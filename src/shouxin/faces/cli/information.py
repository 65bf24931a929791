"""`source`, `collect`, `customer`: what the company holds, and one person's card."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from shouxin.duties.inventory import queries, revealing, services
from shouxin.faces.cli.door import Outcome, Teller, given_json, verb
from shouxin.faces.cli.founding import now
from shouxin.ground.kernel.times import day_in_china

source_app = typer.Typer(no_args_is_help=True, help="来源 / sources")
customer_app = typer.Typer(no_args_is_help=True, help="客户 / customers")
By = Annotated[str, typer.Option(help="经办人 staff:… / who does it")]


@source_app.command("add")
@verb
def source_add(
    path: Annotated[str, typer.Argument(help="文件、数据库或地址 / file, database or URL")],
    *,
    title: Annotated[str, typer.Option(help="名称 / title")],
    custodian: Annotated[str, typer.Option(help="保管人 / custodian")],
    by: By,
    kind: Annotated[str, typer.Option(help="file | database;默认按地址 / by default by its address")] = "",
    system: Annotated[str, typer.Option(help="客户编号所属的系统 / whose customer numbers")] = "shop",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="采用扫描建议的字段 / accept the suggested columns")
    ] = False,
) -> Outcome:
    """登记一处来源并扫描 / Register a source and scan it."""
    is_url = "://" in path
    locator = path if is_url else str(Path(path).resolve())
    kind = kind or ("database" if is_url else "file")
    teller = Teller()
    source, report = services.add_source(
        kind=kind,
        title=title,
        locator=locator,
        custodian=custodian,
        system=system,
        as_of=day_in_china(now()),
        by=by,
        at=now(),
        progress=teller,
    )
    teller.stop()
    if confirm:
        for table in report.tables:
            services.confirm_columns(source=source, table=table.name, by=by, at=now())
    return Outcome({"source": source, "confirmed": confirm, "scan": report.to_json()})


@source_app.command("plan")
@verb
def source_plan(
    source: int,
    *,
    out: Annotated[Path, typer.Option(help="写到文件,可以改 / write it here, to be corrected")],
) -> Outcome:
    """写出各表现在的读法,改好后用 source confirm --plan 确认 / Write how tables are read, to be corrected."""
    told = queries.plan_file(source)
    out.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    about = [name for name, table in told["tables"].items() if table]
    return Outcome({"source": source, "plan": str(out), "tables": len(told["tables"]), "about_customers": about})


@source_app.command("confirm")
@verb
def source_confirm(
    source: int,
    table: Annotated[str, typer.Argument(help="一张表;给了 --plan 则不用 / one table; not with --plan")] = "",
    *,
    by: By,
    plan: Annotated[Path | None, typer.Option(help="读法文件,所有的表 / a plan file: every table")] = None,
    field: Annotated[list[str] | None, typer.Option(help="列=字段;留空不取 / COLUMN=FIELD or COLUMN=")] = None,
    aside: Annotated[bool, typer.Option("--aside", help="此表与客户无关 / not about customers")] = False,
) -> Outcome:
    """确认一张表的字段,可改可免;或按读法文件确认所有的表 / Confirm how a table is read, or all of them by a file."""
    if (plan is None) == (not table) or (plan and (field or aside)):
        raise typer.BadParameter("TABLE | --plan")
    if plan is not None:
        told = services.confirm_file(source=source, told=given_json(plan), by=by, at=now())
        return Outcome({"source": source, "confirmed": True, "tables": told})
    changes = dict(_pair(each) for each in field or [])
    if aside:
        services.set_aside(source=source, table=table, by=by, at=now())
    elif changes:
        services.correct_columns(source=source, table=table, changes=changes, by=by, at=now())
    else:
        services.confirm_columns(source=source, table=table, by=by, at=now())
    return Outcome({"source": source, "table": table, "confirmed": True, "aside": aside})


def _pair(text: str) -> tuple[str, str]:
    column, sign, field = text.rpartition("=")
    if not sign:
        raise typer.BadParameter(text)
    return column, field


@source_app.command("show")
@verb
def source_show(source: int) -> Outcome:
    """一处来源的表、字段、未收的行、冲突的行 / One source: tables, fields, rows not taken, rows in conflict."""
    conflicts = queries.conflicts(source)
    named = queries.handles([customer for row in conflicts for customer in (row["kept"], row["other"])])
    return Outcome(
        {
            "tables": [vars(each) for each in queries.tables(source)],
            "columns": queries.columns(source),
            "rejected": queries.rejections(source),
            "conflicts": [
                {**row, "kept": named.get(row["kept"]), "other": named.get(row["other"])} for row in conflicts
            ],
        }
    )


@source_app.command("goods")
@verb
def source_goods(
    path: Annotated[Path | None, typer.Argument(help="物品清单 / list of goods")] = None,
    *,
    by: By,
    number: Annotated[str, typer.Option(help="物品编号 / number")] = "",
    step: Annotated[str, typer.Option(help="taken_out | wiped | checked | handed_over")] = "",
    method: Annotated[str, typer.Option(help="做法 / how")] = "",
    second: Annotated[str, typer.Option(help="第二人 staff:… / the second person")] = "",
) -> Outcome:
    """登记出售物品清单,或由两人确认一步 / Register the goods sold, or confirm a step by two people."""
    if path is not None:
        return Outcome({"goods": services.register_goods(path=path.resolve(), by=by, at=now())})
    following = services.mark_good(number=number, step=step, method=method, by=by, second=second, at=now())
    return Outcome({"good": number, "done": step, "next": following})


@source_app.command("boxes")
@verb
def source_boxes(
    path: Path,
    *,
    by: By,
    contracts: Annotated[Path | None, typer.Option(help="合同索引 / contract index")] = None,
    system: str = "shop",
) -> Outcome:
    """登记纸箱 / Register paper boxes."""
    found = services.register_boxes(
        boxes=path.resolve(), contracts=contracts.resolve() if contracts else None, system=system, by=by, at=now()
    )
    return Outcome(found)


@source_app.command("list")
@verb
def source_list() -> Outcome:
    """来源、件数、物品、纸箱 / Sources, counts, goods, boxes."""
    return Outcome(
        {
            "sources": [vars(each) for each in queries.sources()],
            "places": [vars(each) for each in queries.places()],
            "papers": [vars(each) for each in queries.papers_balance()],
            "counts": queries.counts(),
            "categories": queries.categories_held(),
        }
    )


@verb
def collect(source: int, *, by: By) -> Outcome:
    """把一处来源收进加密保险柜 / Take a source into the vault. Run again after a stop, it goes on."""
    teller = Teller()
    result = services.collect(source=source, by=by, at=now(), progress=teller)
    teller.stop()
    return Outcome({**vars(result), "balances": result.balances}, holds=result.balances)


@customer_app.command("find")
@verb
def customer_find(text: str, *, by: By, reason: str = "find") -> Outcome:
    """按手机、证件号、邮箱或“姓名 电话”精确查找 / Find exactly by telephone and name, identity number or e-mail."""
    found = revealing.find(text=text, by=by, reason=reason, at=now())
    return Outcome({"found": found}, holds=bool(found))


@customer_app.command("show")
@verb
def customer_show(handle: str, *, by: By, reason: str = "show") -> Outcome:
    """一位客户的卡片(脱敏) / One customer's card, masked."""
    return Outcome(revealing.card(customer=queries.customer(handle), by=by, reason=reason, at=now(), masked=True))


@customer_app.command("reveal")
@verb
def customer_reveal(handle: str, *, by: By, reason: Annotated[str, typer.Option(help="理由 / why")]) -> Outcome:
    """显示原值,写明理由并留痕 / Show values; the reason is noted."""
    card: dict[str, Any] = revealing.card(
        customer=queries.customer(handle), by=by, reason=reason, at=now(), masked=False
    )
    return Outcome(card)


@customer_app.command("settle")
@verb
def customer_settle(handle: str, *, duty: Annotated[str, typer.Option(help="prepaid | keys_held")], by: By) -> Outcome:
    """预付款已退或钥匙已还 / The balance is paid back, or the keys are returned."""
    services.settle_duty(customer=queries.customer(handle), duty=duty, by=by, at=now())
    return Outcome({"customer": handle, "settled": duty})


@customer_app.command("duties")
@verb
def customer_duties() -> Outcome:
    """还有预付余额或代管钥匙的客户 / Customers with a balance or keys with us."""
    return Outcome({"open": queries.open_duties()})
