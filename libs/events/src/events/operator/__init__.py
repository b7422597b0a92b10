"""What operators do to a service by hand, the same in every service."""

from events.operator import rebuild, replay, trace
from events.operator.tool import Tool

TOOLS: tuple[Tool, ...] = (replay.TOOL, rebuild.TOOL, trace.TOOL)
