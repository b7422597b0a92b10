"""Every published event, with what is said of it in code."""

import importlib
import pkgutil
from collections.abc import Mapping

from pydantic import BaseModel

import events.contracts
from events.contracts import published
from events.contracts.keys import SubjectKey
from events.contracts.topics import SUBJECT_KEYS
from events.registry import Name, Registry

for _module in pkgutil.iter_modules(events.contracts.__path__):
    importlib.import_module(f"events.contracts.{_module.name}")


def spoken() -> Mapping[Name, type[BaseModel]]:
    """What travels on our topics: every published event, and the record of a key."""
    return {**of(published), Name(SUBJECT_KEYS, 1): SubjectKey}


def of(registry: Registry) -> Mapping[Name, type[BaseModel]]:
    """The classes of a registry by name and version."""
    return {registry.name_of(cls): cls for cls in registry.names().values()}
