"""Our events -> what is to be done next for each mail."""

from delivery_mail.domain.pace import Pace
from events.execute import Project
from events.work import keep_next_step

LANE = "mail"
"""All mails share the one account that the settings name; later each account is a lane."""


def projection(pace: Pace) -> Project:
    """One next task per mail, none where nothing more happens by itself."""
    return keep_next_step(LANE, pace.next_step)
