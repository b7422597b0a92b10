"""The one table of states: labels, counters, colours, and the figures of the overview."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbox.domain.states import (
    COUNTER_LABELS,
    LOOKS,
    TOTAL_LABEL,
    Colour,
    Counter,
    Look,
    State,
    Tally,
    tally,
)

# The table of OUT-19, word for word.
TABLE = {
    "open": ("offen", "open", None),
    "scheduled": ("geplant", "open", None),
    "withdrawn": ("zurückgezogen", "open", None),
    "delivered": ("erfolgreich", "delivered", "green"),
    "not-deliverable": ("fehlgeschlagen", "failed", "red"),
    "failed": ("fehlgeschlagen", "failed", "red"),
    "requested": ("in Zustellung", "in_progress", None),
    "accepted": ("in Zustellung", "in_progress", None),
    "in-progress": ("in Zustellung", "in_progress", None),
    "uncertain": ("ungeklärt", "on_hold", None),
    "edited": ("in Bearbeitung", "on_hold", None),
}


@pytest.mark.spec("OUT-19")
def test_every_state_has_the_look_of_the_table() -> None:
    expected = {
        State(state): Look(label, Counter(counter), Colour(colour) if colour else None)
        for state, (label, counter, colour) in TABLE.items()
    }

    assert expected == LOOKS
    assert set(State) == set(LOOKS)


@pytest.mark.spec("OUT-19", "OUT-20")
def test_the_counters_stand_in_the_order_of_the_table_and_have_german_names() -> None:
    assert Tally._fields == tuple(Counter)
    assert [*COUNTER_LABELS.values(), TOTAL_LABEL] == [
        "offen",
        "erfolgreich",
        "fehlgeschlagen",
        "in Zustellung",
        "ungeklärt oder in Bearbeitung",
        "gesamt",
    ]


@pytest.mark.spec("OUT-19")
@pytest.mark.parametrize(
    ("states", "figures", "green", "red"),
    [
        ([State.OPEN] * 5, (5, 0, 0, 0, 0, 5), 0, 0),
        ([State.OPEN] * 8, (8, 0, 0, 0, 0, 8), 0, 0),
        ([State.DELIVERED], (0, 1, 0, 0, 0, 1), 1, 0),
        ([State.NOT_DELIVERABLE], (0, 0, 1, 0, 0, 1), 0, 1),
        ([State.FAILED], (0, 0, 1, 0, 0, 1), 0, 1),
        ([State.DELIVERED, State.FAILED, State.OPEN, State.OPEN], (2, 1, 1, 0, 0, 4), 0.25, 0.25),
        ([], (0, 0, 0, 0, 0, 0), 0, 0),
    ],
)
def test_rows_read_as_in_figure_433(
    states: list[State], figures: tuple[int, ...], green: float, red: float
) -> None:
    counted = tally(states)

    assert (*counted, counted.total) == figures
    assert (counted.share(Colour.GREEN), counted.share(Colour.RED)) == (green, red)


@pytest.mark.spec("OUT-20")
@given(st.lists(st.sampled_from(State)))
def test_the_counters_always_add_up(states: list[State]) -> None:
    assert tally(states).total == len(states)
