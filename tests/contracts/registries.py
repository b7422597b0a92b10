"""Every event of the house, found by looking, so that a new service escapes nothing."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import events.contracts
from events.contracts import published
from events.registry import Registry
from house.tree import packages

__all__ = ["ROOT", "private", "published"]

ROOT = Path(__file__).parents[2]

for module in pkgutil.iter_modules(events.contracts.__path__):
    importlib.import_module(f"events.contracts.{module.name}")


def private() -> dict[str, list[Registry]]:
    """The registries of each service's own events, by the service's module."""
    services = [package.module for package in packages(ROOT) if package.is_service]
    return {service: list(_registries(service)) for service in services}


def _registries(service: str) -> Iterator[Registry]:
    domain = importlib.import_module(f"{service}.domain")
    found: dict[int, Registry] = {}
    for module in pkgutil.walk_packages(domain.__path__, f"{domain.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Registry):
                found[id(value)] = value
    yield from found.values()
