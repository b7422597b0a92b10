"""Every row can be measured, and what was measured can be read; how fast is no test's business."""

import json
from pathlib import Path

import pytest

import stack
from bench.__main__ import MEASUREMENTS, measured
from bench.figures import Goal, Row, Run, write
from bench.ground import Ground


@pytest.fixture(scope="module")
def ground(servers: stack.Servers, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(servers, tmp_path_factory.mktemp("bench"), quick=True)


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_row_can_be_measured(name: str, ground: Ground, tmp_path: Path) -> None:
    rows = measured(ground, [name], rounds=1)
    write(rows, tmp_path / "bench.json")

    told = json.loads((tmp_path / "bench.json").read_text())
    assert told.keys() == {row.name for row in rows}
    for row in rows:
        figures = told[row.name]
        assert figures["ours"] > 0
        assert figures["unit"] == row.unit
        assert len(figures["rounds"]) == 1
        assert (figures["ratio"] is not None) == (row.peer_name is not None)


def test_the_ratio_is_that_of_each_round(tmp_path: Path) -> None:
    """So that a machine which slows down in the middle slows both sides."""
    row = Row("append", "events/s", Goal("ratio", least=8), "a peer")
    for ours, peer in ((1000, 100), (500, 50), (90, 10)):
        row.add(Run(ours), Run(peer))
    write([row], tmp_path / "bench.json")

    told = json.loads((tmp_path / "bench.json").read_text())["append"]
    assert (told["ours"], told["peer"], told["ratio"], told["met"]) == (500, 50, 10, True)


@pytest.mark.parametrize(
    ("goal", "ours", "ratio", "met"),
    [
        (Goal(least=10), 10, None, True),
        (Goal(least=10), 9, None, False),
        (Goal(most=60), 61, None, False),
        (Goal("ratio", most=1.5), 99, 1.4, True),
        (Goal("ratio", least=5), 99, None, None),
        (Goal(), 1, None, None),
    ],
)
def test_a_goal_is_met_or_missed(
    goal: Goal, ours: float, ratio: float | None, *, met: bool | None
) -> None:
    assert goal.met(ours, ratio) is met


def test_rows_of_earlier_runs_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    for name in ("append", "intake"):
        row = Row(name, "/s", Goal())
        row.add(Run(1))
        write([row], path)

    assert json.loads(path.read_text()).keys() == {"append", "intake"}
