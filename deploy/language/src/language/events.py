"""Every published event, with what is said of it in code."""

import importlib
import pkgutil
from collections.abc import Mapping

from pydantic import BaseModel

import events.contracts
from events.contracts import published
from events.contracts.keys import SubjectFence, SubjectKey, Tick
from events.contracts.topics import SUBJECT_KEYS
from events.registry import Name, Registry

for _module in pkgutil.iter_modules(events.contracts.__path__):
    importlib.import_module(f"events.contracts.{_module.name}")


KEY_RECORDS: Mapping[Name, type[BaseModel]] = {
    Name(SUBJECT_KEYS, 1): SubjectKey,
    Name("SubjectFence", 1): SubjectFence,
    Name("Tick", 1): Tick,
}
"""What travels on the topic SubjectKeys: no events, and told apart by their field `kind`."""


def spoken() -> Mapping[Name, type[BaseModel]]:
    """What travels on our topics: every published event, and the records of keys."""
    return {**of(published), **KEY_RECORDS}


def messages_of(topic: str) -> list[str]:
    """The names of what travels on a topic: its one event, or the records of keys."""
    return [name.type for name in KEY_RECORDS] if topic == SUBJECT_KEYS else [topic]


def of(registry: Registry) -> Mapping[Name, type[BaseModel]]:
    """The classes of a registry by name and version."""
    return {registry.name_of(cls): cls for cls in registry.names().values()}
