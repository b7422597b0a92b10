"""What a clerk may do with a row now: computed here, so that no client has to guess."""

from enum import StrEnum

from outbox.domain.states import State, Tally


class Action(StrEnum):
    """The names of the actions that are offered."""

    INSPECT = "inspect"
    SEND = "send"
    WITHDRAW = "withdraw"
    ADD_CHANNEL = "add-channel"
    REMOVE_CHANNEL = "remove-channel"


def delivery_actions(state: State, *, withdrawable: bool) -> tuple[Action, ...]:
    """What may be done with a delivery."""
    actions = [Action.INSPECT]
    if state in (State.OPEN, State.WITHDRAWN):
        actions.append(Action.SEND)
    if withdrawable:
        actions.append(Action.WITHDRAW)
    return tuple(actions)


def document_actions(tally: Tally) -> tuple[Action, ...]:
    """What may be done with a document: it can be sent if any of its deliveries can."""
    actions = [Action.INSPECT]
    if tally.open:
        actions.append(Action.SEND)
    actions.append(Action.ADD_CHANNEL)
    if tally.open or tally.failed:
        actions.append(Action.REMOVE_CHANNEL)
    return tuple(actions)
