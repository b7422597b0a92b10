"""A tool of the operators: one more subcommand of `python -m SERVICE`."""

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from events.service import Blueprint
from events.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Site:
    """The service that a tool is used on."""

    settings: ServiceSettings
    blueprint: Blueprint


@dataclass(frozen=True, slots=True)
class Tool:
    """`run` writes for people to standard output and returns the program's exit status."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Site, argparse.Namespace], Awaitable[int]]
