"""One transfer told by its verbs, from either side."""

from dataclasses import dataclass, field
from datetime import timedelta

from shouxin.ground.kernel.times import to_text
from tests.duties.transfer.two_homes import Refused, Stopped, World, person

ALL = ["basic", "purchase", "need", "behaviour"]


@dataclass
class Story:
    """A case of A, and the transfer that belongs to it."""

    world: World
    case: str
    tid: str = ""
    said: dict = field(default_factory=dict)

    @property
    def a(self):
        return self.world.a

    @property
    def b(self):
        return self.world.b

    @property
    def v(self):
        return self.world.v

    def people(self, first=0, last=40):
        return [self.world.owners[f"l{number}"] for number in range(first, last)]

    def newcomers(self, count):
        """Customers of A whom B has never met, in this or another transfer."""
        base = 1000 * int(self.case.removeprefix("case_"))
        rows = {f"{self.case}-{number}": person(number, base=base) for number in range(count)}
        owners = self.a.tell("fill", people=rows, name=self.case)["owners"]
        self.tick()
        return [owners[f"{self.case}-{number}"] for number in range(count)]

    def cells(self, customers=None, kinds=ALL):
        return {str(each): list(kinds) for each in (customers or self.people())}

    def later(self, **duration):
        return to_text(self.world.clock.now + timedelta(**duration))

    def wait(self, **duration):
        self.world.clock.wait(**duration)
        return self

    def tick(self):
        self.world.clock.wait(seconds=1)

    def keep(self, name, made):
        self.said[name] = made["path"]
        self.tick()
        return made

    def offer(self, **told):
        told = {"expires": self.later(days=10), **told}
        made = self.a.tell("offer", case=self.case, recipient=self.world.b_at_a, **told)
        self.tid = made["tid"]
        return self.keep("offer", made)

    def accept(self, **told):
        return self.keep("accept", self.b.tell("accept", offer=self.said["offer"], **told))

    def pack(self, cells=None, **told):
        made = self.a.tell(
            "pack", tid=self.tid, accept=self.said["accept"], case=self.case, cells=cells or self.cells(), **told
        )
        self.said["parts"] = made["parts"]
        return self.keep("package", made)

    def receive(self, parts=None):
        parts = self.said["parts"] if parts is None else parts
        return self.keep("receipt", self.b.tell("receive", message=self.said["package"], parts=parts))

    def to_a(self, name):
        made = self.a.tell("receive", message=self.said[name])
        self.tick()
        return made

    def take_in(self, **told):
        made = self.b.tell("take_in", tid=self.tid, **told)
        self.keep("imported", made["sent"])
        return made

    def b_says(self, verb, **told):
        return self.keep(verb, self.b.tell(verb, tid=self.tid, **told))

    def a_says(self, verb, **told):
        return self.keep(verb, self.a.tell(verb, tid=self.tid, **told))

    def to(self, goal, cells=None, **pack):
        """The straight road."""
        road = {
            "OFFERED": self.offer,
            "ACCEPTED": self.accept,
            "SEALED": lambda: self.pack(cells, **pack),
            "DELIVERED": lambda: (self.receive(), self.to_a("receipt")),
            "IMPORTED": lambda: (self.take_in(), self.to_a("imported")),
            "SETTLED": lambda: self.a_says("settle"),
            "HOLD": lambda: (self.b_says("ack", message=self.said["settle"]), self.to_a("ack")),
        }
        for state, step in road.items():
            step()
            if state == goal:
                return self
        raise AssertionError(goal)

    def look(self, side="a"):
        return {"a": self.a, "b": self.b, "v": self.v}[side].tell("look", tid=self.tid)

    def states(self):
        return [self.look("a")["status"], self.look("b")["status"]]

    def refused(self, act):
        try:
            act()
        except Refused as error:
            return error.code
        except Stopped:
            return "stopped"
        return ""
