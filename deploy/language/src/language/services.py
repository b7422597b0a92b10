"""Which service hears what, as its own wiring says."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import get_type_hints

from events.service import Blueprint
from house.tree import packages


def hearing(root: Path) -> Mapping[str, tuple[str, ...]]:
    """The topics that each service takes in, by the name by which it speaks."""
    services = [package.module for package in packages(root) if package.is_service]
    blueprints = [_blueprint(module) for module in services]
    return {blueprint.source: blueprint.topics() for blueprint in blueprints}


def _blueprint(service: str) -> Blueprint:
    """The blueprint under default settings: what a service hears depends on none of them."""
    make = importlib.import_module(f"{service}.wiring").blueprint
    settings = next(iter(get_type_hints(make).values()))
    blueprint: Blueprint = make(settings.model_construct())
    return blueprint
