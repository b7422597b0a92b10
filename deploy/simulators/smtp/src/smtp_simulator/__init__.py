"""A real SMTP server program that keeps a maildir and can be told to misbehave."""

from smtp_simulator.client import Control
from smtp_simulator.faults import Phase
from smtp_simulator.process import RunningServer, running

__all__ = ["Control", "Phase", "RunningServer", "running"]
