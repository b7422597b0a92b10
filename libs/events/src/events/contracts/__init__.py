"""The published language: every event that one service may hear of another."""

from events.registry import Registry

published = Registry()
