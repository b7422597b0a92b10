"""What operators do to a service by hand, the same in every service."""

from events.operator import fences, rebuild, replay, trace
from events.operator.tool import Tool
from events.operator.tools import INSPECTION

TOOLS: tuple[Tool, ...] = (*INSPECTION, replay.TOOL, rebuild.TOOL, fences.TOOL, trace.TOOL)
