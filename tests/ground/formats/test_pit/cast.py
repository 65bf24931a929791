"""Two companies, an auditor and an outsider, each with a key and a ledger of its own; nobody here exists."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from shouxin.ground.formats import pit
from shouxin.ground.formats.pit import Ledger, Parties, Transfer
from shouxin.ground.formats.roots import Column, TableRoots, TableShape, table_roots, totals
from shouxin.ground.kernel import dsse, merkle
from shouxin.ground.kernel.notes import Checkpoint, cosign, sign_checkpoint
from shouxin.ground.kernel.signing import signer

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TID = "tid_" + "abcdefghij234567klmnopqrst"
CONTRACT = "sha256:" + "c0" * 32
KEY = bytes(range(32))
B_KEYS = (
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
    "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
    "age1hvr9cpxu0exw8w25m2f66uzjch6v0u3u2d5ftfl0qqs2jg2ml3gslwcsph",
)


def sha(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def hexed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class House:
    """One party: its key, and a ledger that grows by one entry with each message."""

    role: str
    signer: object
    leaves: list[bytes] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"example.test/{self.role.lower()}"

    def note(self) -> str:
        return sign_checkpoint(Checkpoint(self.origin, len(self.leaves), merkle.root(self.leaves)), self.signer)

    def ledger(self, transfer: Transfer, at: datetime) -> Ledger:
        if self.role == "V":
            return Ledger(None)
        self.leaves.append(merkle.leaf_hash(f"{self.role}{len(self.leaves)}".encode()))
        own = [each for each in transfer.messages if each.role == self.role]
        path: list[bytes] = []
        if own:
            size = int(own[-1]["checkpoint"].split("\n")[1])
            path = merkle.consistency_proof(self.leaves, size) if size < len(self.leaves) else []
        return Ledger(self.note(), path, self.cosigned(transfer, at))

    def cosigned(self, transfer: Transfer, at: datetime) -> str | None:
        theirs = [each for each in transfer.messages if each.role == ("B" if self.role == "A" else "A")]
        if not theirs:
            return None
        return cosign(theirs[-1]["checkpoint"], name=self.origin, signer=self.signer, at=at)


def houses() -> dict[str, House]:
    return {role: House(role, signer(hashlib.sha256(role.encode()).digest(), role)) for role in "ABVX"}


SHAPES = {
    "customers": TableShape("customers", (Column("person", "basic"), Column("name", "basic")), "person"),
    "orders": TableShape("orders", (Column("person", "purchase"), Column("order_no", "purchase")), "person"),
}


def rows(name: str, count: int, without: frozenset[int] = frozenset()) -> pa.RecordBatch:
    kept = [i for i in range(count) if i not in without]
    columns = [pa.array([f"p{i}" for i in kept]), pa.array([f"{name}-{i}" for i in kept])]
    return pa.RecordBatch.from_arrays(columns, names=list(SHAPES[name].names))


def roots(without: frozenset[int] = frozenset(), buckets: dict[str, int] | None = None) -> dict[str, TableRoots]:
    return {
        name: table_roots(key=KEY, shape=shape, batches=[rows(name, 400, without)], buckets=buckets and buckets[name])
        for name, shape in SHAPES.items()
    }


WHOLE = roots()
COUNTS = {name: len(each.buckets) for name, each in WHOLE.items()}


def after_withdrawal(*persons: int) -> dict[str, TableRoots]:
    return roots(frozenset(persons), COUNTS)


class Story:
    """Both companies and an auditor walk the same chain; each message is tried from every side."""

    def __init__(self, *, simulated: bool = False, cooling_off_hours: int = 72) -> None:
        self.houses = houses()
        self.at = START
        self.cooling_off_hours = cooling_off_hours
        self.parties = Parties(
            a=self.houses["A"].signer.public,
            b=self.houses["B"].signer.public,
            auditors=(self.houses["V"].signer.public,),
        )
        begun = Transfer.start(tid=TID, contract=CONTRACT, simulated=simulated, parties=self.parties)
        self.states = {"A": begun, "B": begun, "V": begun}
        self.envelopes: list[bytes] = []
        self.mile = 0

    @property
    def transfer(self) -> Transfer:
        return self.states["A"]

    @property
    def status(self) -> str:
        assert len({state.status for state in self.states.values()}) == 1
        return self.transfer.status.value

    def wait(self, **duration: int) -> "Story":
        self.at += timedelta(**duration)
        return self

    def draft(self, role: str, kind: str, lifetime: int = 14 * 24, *, matter=None, **changes: object) -> bytes:
        """The envelope that would come next; nobody has taken it yet. `matter` replaces the usual fields."""
        self.at += timedelta(minutes=1)
        return pit.write(
            self.transfer,
            kind,
            {**(self.fields(role, kind) if matter is None else matter), **changes},
            role=role,
            signer=self.houses[role].signer,
            ledger=self.houses[role].ledger(self.transfer, self.at),
            issued=self.at,
            expires=self.at + timedelta(hours=lifetime),
        )

    def take(self, envelope: bytes) -> "Story":
        self.states = {role: pit.step(state, envelope, role=role, at=self.at) for role, state in self.states.items()}
        self.envelopes.append(envelope)
        return self

    def say(self, role: str, kind: str, lifetime: int = 14 * 24, **changes: object) -> "Story":
        return self.take(self.draft(role, kind, lifetime, **changes))

    def raw(self, role: str, kind: str, *, signed_by: str | None = None, **changes: object) -> bytes:
        """An envelope with changed common fields, signed as if it were right."""
        good = dsse.peek(self.draft(role, kind))
        predicate = {**good["predicate"], **changes}
        statement = dsse.statement(
            subject={predicate["tid"]: predicate["contract"]},
            predicate_type="pit/v1/" + kind,
            predicate={name: value for name, value in predicate.items() if value != "absent"},
        )
        return dsse.sign(statement, [self.houses[signed_by or role].signer])

    def to(self, goal: str) -> "Story":
        """The straight road to a state."""
        while self.status != goal:
            role, kind, reached = ROAD[self.mile]
            self.mile += 1
            if kind == "wait":
                self.wait(hours=self.cooling_off_hours)
            else:
                self.say(role, kind)
            assert reached in ("", self.status)
        return self

    def digest(self, kind: str) -> str:
        return self.transfer.the(kind).digest

    def fields(self, role: str, kind: str) -> dict[str, object]:
        return getattr(self, "_" + kind.replace("-", "_"))(role)

    def _offer(self, role):
        return {
            "classes": ["basic", "purchase"],
            "counts": {"basic": 400, "purchase": 400},
            "rounded_to": 100,
            "purposes": ["完成已订立的服务", "继续提供家政服务"],
            "rule": "pipl-23",
            "rule_evidence": sha("rule"),
            "assessment": sha("assessment"),
            "notice_plan": sha("notice"),
            "ack_hours": 24,
            "cooling_off_hours": self.cooling_off_hours,
            "withdrawals": B_KEYS[2],
        }

    def _accept(self, role):
        return {
            "purposes": ["继续提供家政服务"],
            "recipient": B_KEYS[0],
            "withdrawals": B_KEYS[1],
            "nonce": hexed("nonce"),
            "capacity": 10**9,
            "replaces": None,
        }

    def _package(self, role):
        accept, last = self.transfer.the("accept"), self.transfer.last("package")
        number = sum(each.kind == "package" for each in self.transfer.messages)
        epoch = self.transfer.epoch or 0
        expected = self.transfer.expected(epoch)
        tables = {
            name: {"buckets": COUNTS[name], "root": each.root.hex(), "rows": each.rows, "schema": each.schema_digest}
            for name, each in WHOLE.items()
        }
        if expected:
            tables = {name: {**each, **expected[name]} for name, each in tables.items()}
        resend = self.transfer.last("resend")
        again = self.status != "ACCEPTED" and resend is not None
        return {
            "digest": sha(f"ciphertext {number}"),
            "size": 300,
            "parts": [
                {"digest": sha(f"part 1 {number}"), "name": "package.age.001", "size": 200},
                {"digest": sha(f"part 2 {number}"), "name": "package.age.002", "size": 100},
            ],
            "recipient": accept["recipient"],
            "nonce": accept["nonce"],
            "tables": tables,
            "epoch": epoch,
            "notice_root": sha("notices"),
            "retention": {"basic": "至服务结束后三年"},
            "commitments": {"A": pit.commit(TID, self.seed("A", number)), "V": pit.commit(TID, self.seed("V", number))},
            "replaces": last.digest if last else None,
            "covers": (resend["buckets"] or None) if again else None,
        }

    def seed(self, role: str, number: int) -> bytes:
        return hashlib.sha256(f"seed {role} {number}".encode()).digest()

    def _receipt(self, role):
        parts = self.transfer.the("package")["parts"]
        return {
            "package": self.digest("package"),
            "parts": [
                {"arrived": True, "digest": each["digest"], "name": each["name"], "opened": True} for each in parts
            ],
        }

    def _imported(self, role):
        epoch = self.transfer.epoch
        expected = self.transfer.expected(epoch)
        return {
            "package": self.digest("package"),
            "epoch": epoch,
            "tables": {name: {**each, "values": None} for name, each in expected.items()},
            "exceptions": [],
            "backup": {"digest": sha("backup"), "drilled": self.transfer.the("receipt")["issued"], "sample": 5},
        }

    def _challenge(self, role):
        number = sum(each.kind == "package" for each in self.transfer.messages) - 1
        seed = self.seed(role, number)
        return {
            "imported": self.digest("imported"),
            "seed": seed.hex(),
            "draw": 3,
            "buckets": pit.draw(seed, tid=TID, tables=COUNTS, count=3),
        }

    def _answer(self, role):
        return {
            "challenge": self.digest("challenge"),
            "epoch": self.transfer.epoch,
            "tables": pit.answer(WHOLE, self.transfer.the("challenge")["buckets"]),
        }

    def _settled(self, role):
        imported = self.transfer.the("imported")
        tables = {name: {"root": each["root"], "rows": each["rows"]} for name, each in imported["tables"].items()}
        return {"imported": imported.digest, "epoch": imported["epoch"], "tables": tables, "unsettled": {}}

    def _withdraw(self, role):
        sealed = {"tags": "YWdl", "tags_root": hexed("tags")}
        after = totals(after_withdrawal(7)) if role == "A" else None
        return {"epoch": (self.transfer.epoch or 0) + 1, "tables": after, **sealed}

    def _ack(self, role):
        other = "B" if role == "A" else "A"
        last = next(each for each in reversed(self.transfer.messages) if each.role == other)
        return {"answers": last.digest, "epoch": None, "tables": None, "deleted": False}

    def _destroy_permit(self, role):
        return {
            "settled": self.digest("settled"),
            "permit": sha("permit"),
            "approvers": sorted([sha("first"), sha("second")]),
            "backups": {"count": 2, "digest": sha("backups")},
            "holds": 0,
            "gates": list(pit.GATES),
        }

    def _destroyed(self, role):
        return {
            "certificate": sha("certificate"),
            "settled": self.digest("settled"),
            "permit": self.digest("destroy-permit"),
            "shredded": list(pit.SHREDDED),
        }

    def _attest(self, role):
        return {"checked": ["chain", "roots"], "result": "holds", "findings": None}

    def _refused(self, role):
        package = self.transfer.last("package") if self.status in ("SEALED", "DELIVERED") else None
        return {
            "answers": self._ack(role)["answers"],
            "reason": "not_agreed",
            "ciphertext": package["digest"] if package else None,
            "deleted": package is not None,
        }

    def _resend(self, role):
        return {
            "answers": self._ack(role)["answers"],
            "reason": "mismatch",
            "parts": [],
            "buckets": {"orders": [0]},
            "round": self.transfer.rounds + 1,
        }

    def _void(self, role):
        return {
            "answers": self.transfer.head,
            "reason": "cancelled",
            "deleted": role == "B" and self.transfer.last("package") is not None,
        }

    def say_mismatch(self, without: int = 7) -> "Story":
        """B's own database lacks one person's rows."""
        found = after_withdrawal(without)
        tables = {
            name: {"root": each.root.hex(), "rows": each.rows, "values": [value.hex() for value in each.buckets]}
            for name, each in found.items()
        }
        return self.say("B", "imported", tables=tables)


ROAD = (
    ("A", "offer", "OFFERED"),
    ("B", "accept", "ACCEPTED"),
    ("A", "package", "SEALED"),
    ("B", "receipt", "DELIVERED"),
    ("B", "imported", "IMPORTED"),
    ("A", "challenge", ""),
    ("B", "answer", ""),
    ("A", "settled", "SETTLED"),
    ("B", "ack", "HOLD"),
    ("", "wait", ""),
    ("B", "ack", ""),
    ("A", "destroy-permit", "PERMITTED"),
    ("A", "destroyed", "DESTROYED"),
    ("B", "ack", "CLOSED"),
)
