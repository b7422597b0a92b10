"""Samples of events as they were once stored or told; they stay readable for ever.

A sample is named `<Name>.v<version>.json`, further ones of the same version `….v<version>.2.json`
and so on. It holds the public fields, and as `sealed` the personal ones in their opened blocks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import orjson

from events.personal import Category, KeyId, assemble, personal_fields, take_apart
from events.registry import (
    Event,
    Json,
    Name,
    PublishedEvent,
    Registry,
    TooNewError,
    UnreadableError,
)

_STEM = re.compile(r"(?P<type>.+)\.v(?P<version>\d+)(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: name and version of an event, and what was stored of it at that time."""

    file: str
    name: Name
    public: Json
    blocks: Mapping[KeyId, Json]

    def event(self, registry: Registry, *, erased: bool = False) -> Event:
        """What it is read as today; `erased`: after the erasure of everybody in it."""
        return assemble(registry, self.name, self.public, {} if erased else self.blocks)


def samples(folder: Path) -> list[Sample]:
    """All samples of a folder; raises `ValueError` where a file's name is no sample's."""
    return [_sample(path) for path in sorted(folder.glob("*.json"))]


def faults(found: Sequence[Sample], registry: Registry) -> list[str]:
    """What is wrong with the samples of a registry's events; empty when all is well.

    Each version of each event has a sample. Each sample becomes an event of today, also once its
    persons are erased. One of today's version is stored again as it stands, in the same blocks;
    only a published event may have gained optional fields since. Together they show all fields.
    """
    read: dict[Name, list[Event]] = {sample.name: [] for sample in found}
    wrong = []
    for sample in found:
        try:
            read[sample.name].append(sample.event(registry))
            wrong += [f"{sample.file}: {fault}" for fault in _faults(sample, registry)]
        except (TooNewError, UnreadableError) as error:
            wrong.append(f"{sample.file}: {error}")
    for cls in registry.names().values():
        name, today = registry.name_of(cls)
        known = {schema for type_, schema in read if type_ == name}
        wrong += [f"{name}.v{v}.json is missing" for v in range(1, today + 1) if v not in known]
        for field in cls.model_fields if today in known else ():
            if all(getattr(event, field) is None for event in read[Name(name, today)]):
                wrong.append(f"{name}.v{today}.json: no sample shows {field}")
    return wrong


def _faults(sample: Sample, registry: Registry) -> Iterator[str]:
    before = deepcopy(sample)
    event, nameless = sample.event(registry), sample.event(registry, erased=True)
    if sample != before or sample.event(registry) != event:
        yield "an upcaster changes what it is given, or gives two answers"
    if any(getattr(nameless, field) is not None for field in personal_fields(type(nameless))):
        yield "a personal field is left after the erasure"
    if sample.name == registry.name_of(type(event)):
        public, blocks = take_apart(event)
        may_grow = isinstance(event, PublishedEvent)
        kept = _within(sample.public, public) if may_grow else sample.public == public
        if not kept or blocks != sample.blocks:
            yield "is not what would be stored today"


def _within(sample: object, stored: object) -> bool:
    """Whether the stored value is the sample's, apart from fields that the sample lacks."""
    match sample, stored:
        case dict(), dict():
            return all(k in stored and _within(value, stored[k]) for k, value in sample.items())
        case list(), list():
            return len(sample) == len(stored) and all(map(_within, sample, stored))
        case _:
            return sample == stored


def _sample(path: Path) -> Sample:
    parts = _STEM.fullmatch(path.stem)
    if parts is None:
        raise ValueError(f"{path} is not named after an event and its version")
    public = orjson.loads(path.read_bytes())
    blocks = {
        KeyId(UUID(block["subject"]), Category(block["category"])): block["fields"]
        for block in public.pop("sealed", ())
    }
    name = Name(parts["type"], int(parts["version"]))
    return Sample(path.name, name, public, blocks)
