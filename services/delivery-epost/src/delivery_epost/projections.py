"""Our events -> what is to be done next for each letter."""

from delivery_epost.domain.pace import Pace
from events.execute import Project
from events.work import keep_next_step

LANE = "epost"
"""All letters share the one access that the settings name; later each access is a lane."""


def projection(pace: Pace) -> Project:
    """One next task per letter, none where nothing more happens by itself."""
    return keep_next_step(LANE, pace.next_step)
