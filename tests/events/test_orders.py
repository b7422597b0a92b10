"""Every order, every repetition; ids; and names that are chosen once."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.ids import UNDATED, day_of, derived_id, new_id
from events.registry import Event, Registry
from events.testing.orders import every_order


@given(st.lists(st.integers(), max_size=7, unique=True), st.integers(0, 5))
def test_every_order_holds_each_element_at_least_once(story: list[int], seed: int) -> None:
    for order in every_order(story, at_most=50, seed=seed):
        assert set(order) == set(story)
        assert len(order) >= len(story)


def test_a_short_story_comes_in_all_of_its_orders() -> None:
    def first_times(order: list[int]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(order))

    orders = list(every_order([1, 2, 3, 4]))
    assert len(orders) == 24
    assert any(len(order) > 4 for order in orders)
    assert {first_times(order) for order in orders} <= set(permutations([1, 2, 3, 4]))
    assert len({first_times(order) for order in orders}) > 12


def test_a_long_story_is_sampled_the_same_way_each_time() -> None:
    sampled = list(every_order(range(12), at_most=20))
    assert len(sampled) == 20
    assert sampled == list(every_order(range(12), at_most=20))
    assert sampled != list(every_order(range(12), at_most=20, seed=2))


def test_an_id_names_its_day() -> None:
    before = datetime.now(UTC).date()
    day = day_of(new_id())
    assert before <= day <= datetime.now(UTC).date()
    assert day_of(derived_id(new_id(), 1)) == UNDATED


@given(st.uuids())
def test_every_id_has_a_day(id_: object) -> None:
    assert day_of(id_) is not None  # type: ignore[arg-type] # a UUID


def test_derived_ids_are_the_same_for_the_same_parts() -> None:
    parent = new_id()
    assert derived_id(parent, "a", 1) == derived_id(parent, "a", "1")
    assert derived_id(parent, "a", 1) != derived_id(parent, "a1")
    assert derived_id(parent, "a") != derived_id(new_id(), "a")


def test_a_name_is_given_once() -> None:
    registry = Registry()

    @registry.event("thing")
    class Thing(Event):
        pass

    with pytest.raises(ValueError, match="twice"):
        registry.event("thing")(Thing)
