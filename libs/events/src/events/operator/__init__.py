"""What operators do to a service by hand, the same in every service."""

from events.operator import dead_tool, fences, queue_tools, rebuild, replay, trace
from events.operator.tool import Tool

TOOLS: tuple[Tool, ...] = (
    *queue_tools.TOOLS,
    dead_tool.TOOL,
    replay.TOOL,
    rebuild.TOOL,
    fences.TOOL,
    trace.TOOL,
)
