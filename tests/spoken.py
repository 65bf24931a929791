"""Which codes the source can say, with which facts: read out of the syntax tree, for the tests of sentences.

A code is the first argument of `Refusal(…)` or `Missing(…)`. Where it is not written there, it is followed through
the module: a parameter to the calls of its function, a name to what is assigned to it, a call to what it returns.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "shouxin"
ANY = "**"
SAYING = ("Refusal", "Missing", "sentence")


@dataclass(frozen=True)
class Said:
    """One place that says codes: which ones (None: it cannot be followed), and which facts it gives."""

    kind: str
    where: str
    codes: frozenset[str] | None
    facts: frozenset[str]


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of ours but the migrations."""
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path, tree_of(path)


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"))


@cache
def said() -> tuple[Said, ...]:
    """Every place that says a code."""
    return tuple(each for path, tree in modules() for each in _Module(path, tree).said())


def returned(path: str, function: str) -> frozenset[str]:
    """The texts that a function of another module returns."""
    module = _Module(SOURCE / path, tree_of(SOURCE / path))
    return module.strings(ast.Call(ast.Name(function), [], []), None) or frozenset()


def facts_by_code() -> Mapping[str, tuple[frozenset[str], ...]]:
    """For each code the facts that each of its places gives."""
    found: dict[str, list[frozenset[str]]] = defaultdict(list)
    for each in said():
        for code in each.codes or ():
            found[code].append(each.facts)
    return {code: tuple(places) for code, places in found.items()}


class _Module:
    def __init__(self, path: Path, tree: ast.Module) -> None:
        self.path = path
        self.tree = tree
        self.functions: dict[str, ast.FunctionDef] = {}
        self.holder: dict[ast.AST, ast.FunctionDef | None] = {}
        self._walk(tree, None)

    def _walk(self, node: ast.AST, inside: ast.FunctionDef | None) -> None:
        for child in ast.iter_child_nodes(node):
            self.holder[child] = inside
            if isinstance(child, ast.FunctionDef):
                self.functions[child.name] = child
            self._walk(child, child if isinstance(child, ast.FunctionDef) else inside)

    def said(self) -> Iterator[Said]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _name(node.func) in SAYING:
                given_by_name = "code" if _name(node.func) == "Missing" else ""  # a Refusal's code has no name
                code = _argument(node, 0, given_by_name)
                codes = self.strings(code, self.holder[node]) if code is not None else None
                where = f"{self.path.relative_to(SOURCE)}:{node.lineno}"
                yield Said(_name(node.func), where, codes, self._facts(node))

    def _facts(self, node: ast.Call) -> frozenset[str]:
        if _name(node.func) == "Refusal":
            found = set()
            for each in node.keywords:
                found |= {each.arg} if each.arg else self._keys(each.value, self.holder[node])
            return frozenset(found)
        given = _argument(node, 1, "facts")
        return frozenset(self._keys(given, self.holder[node])) if given is not None else frozenset()

    def _keys(self, given: ast.expr, inside: ast.FunctionDef | None) -> set[str]:
        if isinstance(given, ast.Dict):
            found: set[str] = set()
            for key, value in zip(given.keys, given.values, strict=True):
                if key is None:
                    found |= self._keys(value, inside)
                else:
                    found.add(key.value if isinstance(key, ast.Constant) else ANY)
            return found
        if isinstance(given, ast.Name):
            if inside is not None and inside.args.kwarg is not None and inside.args.kwarg.arg == given.id:
                return {ANY}
            found = set()
            for value in self._assigned(given.id, inside):
                found |= self._keys(value, inside)
            return found or {ANY}
        return {ANY}

    def strings(self, node: ast.expr, inside: ast.FunctionDef | None) -> frozenset[str] | None:
        """The texts that an expression can have, or None."""
        if isinstance(node, ast.Constant):
            return frozenset({node.value}) if isinstance(node.value, str) else None
        if isinstance(node, ast.IfExp):
            return _both(self.strings(node.body, inside), self.strings(node.orelse, inside))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return _joined([self.strings(node.left, inside), self.strings(node.right, inside)])
        if isinstance(node, ast.JoinedStr):
            return _joined([self.strings(part, inside) for part in node.values])
        if isinstance(node, ast.FormattedValue):
            return self.strings(node.value, inside)
        if isinstance(node, ast.Name):
            return self._of_name(node.id, inside)
        if isinstance(node, ast.Call) and _name(node.func) in self.functions:
            return self._returned(self.functions[_name(node.func)])
        return self._of_table(node, inside)

    def _of_table(self, node: ast.expr, inside: ast.FunctionDef | None) -> frozenset[str] | None:
        """`TABLE[key]`, `TABLE.get(key)` and `{…}.get(key)` of a table written in this module."""
        table: ast.expr | None = None
        if isinstance(node, ast.Subscript):
            table = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            table = node.func.value
        written = [table] if isinstance(table, ast.Dict) else []
        if isinstance(table, ast.Name):
            written = [*self._assigned(table.id, inside), *self._assigned(table.id, None)]
        if written and isinstance(node, ast.Call):
            written += node.args[1:]
        found: frozenset[str] | None = frozenset()
        for each in written:
            for value in each.values if isinstance(each, ast.Dict) else [each]:
                found = _both(found, self.strings(value, inside))
        return found or None

    def _of_name(self, name: str, inside: ast.FunctionDef | None) -> frozenset[str] | None:
        if inside is not None and name in _parameters(inside):
            return self._passed(inside, name)
        found: frozenset[str] | None = frozenset()
        values = self._assigned(name, inside) or self._assigned(name, None)
        for value in values:
            found = _both(found, self.strings(value, inside))
        return found or None

    def _passed(self, function: ast.FunctionDef, name: str) -> frozenset[str] | None:
        place = _parameters(function).index(name)
        found: frozenset[str] | None = frozenset()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _name(node.func) == function.name:
                given = _argument(node, place, name)
                found = _both(found, self.strings(given, self.holder[node])) if given is not None else None
        return found or None

    def _returned(self, function: ast.FunctionDef) -> frozenset[str] | None:
        found: frozenset[str] | None = frozenset()
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                found = _both(found, self.strings(node.value, function))
        return found or None

    def _assigned(self, name: str, inside: ast.FunctionDef | None) -> list[ast.expr]:
        found: list[ast.expr] = []
        for node in ast.walk(inside) if inside is not None else self.tree.body:
            if isinstance(node, ast.Assign) and node.value is not None:
                for target in node.targets:
                    found += _matched(target, node.value, name)
            elif isinstance(node, ast.AnnAssign) and node.value is not None and _name(node.target) == name:
                found.append(node.value)
            elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Tuple | ast.List):
                for each in node.iter.elts:
                    found += _matched(node.target, each, name)
        return found


def _matched(target: ast.expr, value: ast.expr, name: str) -> list[ast.expr]:
    if isinstance(target, ast.Name):
        return [value] if target.id == name else []
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return [hit for one, other in zip(target.elts, value.elts, strict=True) for hit in _matched(one, other, name)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.IfExp):
        return [*_matched(target, value.body, name), *_matched(target, value.orelse, name)]
    return []


def _parameters(function: ast.FunctionDef) -> list[str]:
    given = function.args
    return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _argument(node: ast.Call, place: int, name: str) -> ast.expr | None:
    for each in node.keywords:
        if each.arg == name:
            return each.value
    return node.args[place] if place < len(node.args) else None


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other


def _joined(parts: list[frozenset[str] | None]) -> frozenset[str] | None:
    if any(part is None for part in parts):
        return None
    return frozenset("".join(each) for each in product(*(part or () for part in parts)))
