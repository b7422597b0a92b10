"""Every form that a published event ever had: one file for each, none of them changed again.

`<Event>.v1.json` is version 1 as first published; `<Event>.v1.2.json` is what it became when it
gained optional fields, and so on. Each is compared with all that came before it in its version,
which needs neither the network nor git's memory. Between versions upcasters and samples answer.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from events.registry import Name
from language.compatible import changes
from language.schema import Schema

FOLDER = Path("docs/schemas")

_STEM = re.compile(r"(?P<type>\w+)\.v(?P<version>\d+)(?:\.(?P<state>\d+))?")

Forms = Mapping[Name, Schema]


@dataclass(frozen=True, slots=True, order=True)
class State:
    """One file: an event's version, and the how-manieth form of it this is, from 1."""

    name: Name
    state: int

    @property
    def file(self) -> str:
        suffix = "" if self.state == 1 else f".{self.state}"
        return f"{self.name.type}.v{self.name.schema}{suffix}.json"


def faults(folder: Path, today: Forms) -> Iterator[str]:
    """Where the files are not today's language, or break the rule by which it may change."""
    states = _read(folder)
    current = {name.type: name.schema for name in today}
    for state, schema in states.items():
        if state.name.schema > current.get(state.name.type, 0):
            yield f"{state.file}: the code does not know it, and its records stay"
        for earlier in (one for one in states if one.name == state.name and one < state):
            for change in changes(states[earlier], schema):
                yield f"{state.file} against {earlier.file}: {change}"
    for type_, version in current.items():
        for name in (Name(type_, earlier) for earlier in range(1, version)):
            if name not in {state.name for state in states}:
                yield f"{State(name, 1).file}: is missing"
    for name, form in today.items():
        last = _last(states, name)
        if last is None or states[last] != form:
            yield f"{name.type} v{name.schema}: its form is not written down: make schemas"


def write(folder: Path, today: Forms) -> Iterator[str]:
    """Write down what is new, or say why it must not be; yields refusals, changes no file."""
    folder.mkdir(parents=True, exist_ok=True)
    states = _read(folder)
    for name, form in today.items():
        last = _last(states, name)
        if last is None:
            _save(folder, State(name, 1), form)
        elif states[last] != form:
            refused = changes(states[last], form)
            yield from (f"{name.type} needs version {name.schema + 1}: {why}" for why in refused)
            if not refused:
                _save(folder, State(name, last.state + 1), form)


def _read(folder: Path) -> dict[State, Schema]:
    found = {}
    for path in folder.glob("*.json"):
        parts = _STEM.fullmatch(path.stem)
        if parts is None:
            raise ValueError(f"{path} is not named after an event and its version")
        state = State(Name(parts["type"], int(parts["version"])), int(parts["state"] or 1))
        found[state] = json.loads(path.read_text(encoding="utf-8"))
    return dict(sorted(found.items()))


def _last(states: Mapping[State, Schema], name: Name) -> State | None:
    return max((state for state in states if state.name == name), default=None)


def _save(folder: Path, state: State, form: Schema) -> None:
    text = json.dumps(form, indent=2, ensure_ascii=False)
    (folder / state.file).write_text(f"{text}\n", encoding="utf-8")
