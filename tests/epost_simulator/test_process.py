"""The simulator as a process: what survives it, and what it does not survive."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from tests.epost_simulator.customer import Customer, error_code

from epost_simulator import running, specimen
from epost_simulator.control import Control

DEADLINE_S = 60


def test_letters_accounts_and_the_clock_survive_a_restart_and_tokens_do_not(
    tmp_path: Path, new_customer: Callable[[Control], Customer]
) -> None:
    pdf = specimen.letter(mark="dauerhaft")
    with running(tmp_path) as control:
        customer = new_customer(control)
        letter_id = customer.accepted(pdf=pdf, custom1="dauerhaft")
        control.advance(timedelta(hours=5))
    with (
        running(tmp_path) as control,
        httpx.Client(base_url=control.base_url, timeout=DEADLINE_S) as client,
    ):
        [kept] = control.letters("dauerhaft")
        assert (kept.letter_id, kept.status) == (letter_id, 3)
        assert control.pdf(letter_id) == pdf
        again = Customer(client, control, customer.account)
        client.headers["Authorization"] = customer.client.headers["Authorization"]
        assert error_code(again.hand_in()) == (401, "E101")
        again.renew_token()
        assert again.accepted() == letter_id + 1


def test_it_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = """
        import pathlib, signal, sys
        from epost_simulator import running

        with running(pathlib.Path(sys.argv[1])) as control:
            print(control.base_url, flush=True)
            signal.pause()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().startswith(b"http://127.0.0.1:")
        [simulator] = psutil.Process(parent.pid).children()
        parent.kill()
    try:
        simulator.wait(DEADLINE_S)
    except psutil.TimeoutExpired:
        simulator.kill()
        pytest.fail("the simulator has outlived its parent")


def test_a_start_that_fails_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"simulator\.log"), running(tmp_path, port="keiner"):
        pass
    assert "--port" in (tmp_path / "simulator.log").read_text()
