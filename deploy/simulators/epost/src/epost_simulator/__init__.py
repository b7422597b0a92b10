"""A strict stand-in for Deutsche Post's E-POSTBUSINESS API (v2.6.1), a program of its own."""

from epost_simulator.process import running

__all__ = ["running"]
