"""Reads from the tests' syntax trees which test says that it proves which requirement."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from house.tree import parse, python_files

TESTS = Path("tests")


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """One test that names one requirement."""

    requirement: str
    test: str


@dataclass(frozen=True, slots=True)
class Claims:
    """All claims, and the places of marks that cannot be assigned to a test by reading."""

    made: list[Claim]
    unread: list[str]


def read_claims(root: Path) -> Claims:
    """Read every `pytest.mark.spec` below tests: on functions, on classes and in `pytestmark`."""
    made: list[Claim] = []
    unread: list[str] = []
    for path in python_files(root / TESTS):
        place = path.relative_to(root).as_posix()
        tree, reader = parse(path), _Reader()
        made += reader.claims(tree.body, place, ())
        marks = {node.lineno for node in ast.walk(tree) if _names_the_mark(node)}
        unread += [f"{place}:{line}" for line in sorted(marks - reader.lines_read)]
    return Claims(made, unread)


@dataclass(slots=True)
class _Reader:
    """Walks one module and remembers the lines of the marks that it understood."""

    lines_read: set[int] = field(default_factory=set)

    def claims(self, body: list[ast.stmt], place: str, above: tuple[str, ...]) -> list[Claim]:
        """Collect the claims of the tests in a module's or class's body, marks above included."""
        marked = above + self._ids(_values_of_pytestmark(body))
        made: list[Claim] = []
        for node in body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    if name.startswith("test"):
                        ids = marked + self._ids(node.decorator_list)
                        made += _claims(ids, f"{place}::{name}")
                case ast.ClassDef(name=name):
                    made += self._of_class(node, f"{place}::{name}", marked)
                case _:
                    pass
        return made

    def _of_class(self, node: ast.ClassDef, place: str, above: tuple[str, ...]) -> list[Claim]:
        marked = above + self._ids(node.decorator_list)
        made = self.claims(node.body, place, marked)
        if made or not node.name.startswith("Test"):
            return made
        # Its tests are inherited, from a suite that many implementations run.
        return _claims(marked + self._ids(_values_of_pytestmark(node.body)), place)

    def _ids(self, expressions: Iterable[ast.expr]) -> tuple[str, ...]:
        ids: list[str] = []
        for node in (node for expression in expressions for node in ast.walk(expression)):
            if isinstance(node, ast.Call) and _names_the_mark(node.func):
                written = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                if len(written) == len(node.args):
                    self.lines_read.add(node.func.lineno)
                ids += [value for value in written if isinstance(value, str)]
        return tuple(ids)


def _claims(ids: Iterable[str], test: str) -> list[Claim]:
    return [Claim(requirement, test) for requirement in dict.fromkeys(ids)]


def _values_of_pytestmark(body: list[ast.stmt]) -> Iterator[ast.expr]:
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id="pytestmark")], value=value):
                yield value
            case ast.AnnAssign(target=ast.Name(id="pytestmark"), value=ast.expr() as value):
                yield value
            case _:
                pass


def _names_the_mark(node: ast.AST) -> TypeGuard[ast.Attribute]:
    match node:
        case ast.Attribute(attr="spec", value=ast.Attribute(attr="mark")):
            return True
        case _:
            return False
