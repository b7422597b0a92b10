"""The rule by which an event may change without a new version: it gains optional fields.

Within one version old and new releases read each other, in a rolling update and after a rollback.
So a change that lets the new read the old is not enough: a wider enumeration would make the old
one bury what it cannot read. Whatever is more than an optional field is a new version, which the
old release waits for.
"""

from collections.abc import Iterator
from typing import Any

from language.schema import Schema

_FIELDS = ("properties", "required", "$defs", "$ref")


def changes(old: Schema, new: Schema) -> list[str]:
    """What has changed beyond new optional fields, each with its place; empty when compatible."""
    return list(_Comparison(old, new).of(old, new, "the event"))


class _Comparison:
    """Two schemas side by side; each pair of definitions is looked at once."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old.get("$defs", {})
        self._new = new.get("$defs", {})
        self._seen: set[tuple[str, str]] = set()

    def of(self, old: Any, new: Any, place: str) -> Iterator[str]:
        match old, new:
            case dict(), dict():
                refs = (old.get("$ref", ""), new.get("$ref", ""))
                if all(refs) and refs in self._seen:
                    old, new = _without(old, "$ref"), _without(new, "$ref")
                self._seen.add(refs)
                yield from self._objects(_meant(old, self._old), _meant(new, self._new), place)
            case list(), list() if len(old) == len(new):
                for number, (one, other) in enumerate(zip(old, new, strict=True), 1):
                    yield from self.of(one, other, f"{place} ({number})")
            case _:
                if old != new or type(old) is not type(new):
                    yield f"{place}: {old!r} has become {new!r}"

    def _objects(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        yield from self._fields(old, new, place)
        for rule in sorted((old.keys() | new.keys()) - set(_FIELDS)):
            yield from self._rules(rule, old, new, place)

    def _rules(self, rule: str, old: Schema, new: Schema, place: str) -> Iterator[str]:
        if rule not in new:
            yield f"{place}: {rule} {old[rule]!r} is gone"
        elif rule not in old:
            yield f"{place}: {rule} {new[rule]!r} is new"
        elif rule == "enum":
            if set(old[rule]) != set(new[rule]):
                yield f"{place}: the values {old[rule]!r} have become {new[rule]!r}"
        else:
            yield from self.of(old[rule], new[rule], f"{place}: {rule}")

    def _fields(self, old: Schema, new: Schema, place: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        asked, asked_now = set(old.get("required", ())), set(new.get("required", ()))
        for name in before.keys() | after.keys():
            where = f"{place}, field {name}"
            if name not in after:
                yield f"{where}: is gone"
            elif name in before:
                if (name in asked) != (name in asked_now):
                    yield f"{where}: has become {'required' if name in asked_now else 'optional'}"
                yield from self.of(before[name], after[name], where)
            elif name in asked_now:
                yield f"{where}: is new and not optional"


def _meant(schema: Schema, definitions: Schema) -> Schema:
    """The schema with its reference replaced by what is meant."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    meant = definitions[reference.rpartition("/")[2]]
    return {**meant, **_without(schema, "$ref")}


def _without(schema: Schema, rule: str) -> Schema:
    return {key: value for key, value in schema.items() if key != rule}
