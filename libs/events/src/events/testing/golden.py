"""Samples of published events as they were once told; they stay readable for ever."""

from pathlib import Path
from typing import NamedTuple

import orjson

from events.registry import Event, Json, Name, Registry


class Sample(NamedTuple):
    """One sample: the stored name and version of an event, and its fields at that time."""

    name: Name
    fields: Json


def file_name(name: Name) -> str:
    """Where the sample of an event lies: `<Name>.v<version>.json`."""
    return f"{name.type}.v{name.schema}.json"


def samples(folder: Path) -> list[Sample]:
    """All samples of a folder, personal fields among the others."""
    return [_sample(path) for path in sorted(folder.glob("*.json"))]


def missing(folder: Path, registry: Registry) -> list[str]:
    """The files that the registry's events, as they are now, still lack."""
    names = (registry.name_of(cls) for cls in registry.names().values())
    return sorted(file_name(n) for n in names if not (folder / file_name(n)).is_file())


def empty_fields(event: Event) -> list[str]:
    """Fields that a sample leaves out: a sample shows all of them."""
    return sorted(name for name in type(event).model_fields if getattr(event, name) is None)


def _sample(path: Path) -> Sample:
    type_, _, version = path.stem.rpartition(".v")
    return Sample(Name(type_, int(version)), orjson.loads(path.read_bytes()))
