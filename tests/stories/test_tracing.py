"""One story is followed through all services: by its spans, and by `make trace`."""

import os
import subprocess
import sys

import pytest
from tests.stories.collector import Collector
from tests.stories.test_main_job import wait_until

from demo.clerk import Clerk
from demo.papers import Paper
from demo.people import BOTH_WAYS
from demo.product import SERVICES, Product
from demo.story import Story
from documents.testing import samples

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PAPER = Paper("Verfolgt", samples.written(1, title="Verfolgt"), [BOTH_WAYS])

WAY = {
    ("outbox", "POST /deliveries/send"),
    ("outbox", "execute"),
    ("outbox", "publish DeliveryRequested"),
    ("delivery-epost", "hear DeliveryRequested"),
    ("delivery-epost", "submit letter"),
    ("delivery-epost", "publish DeliveryAccepted"),
    ("delivery-mail", "hear DeliveryRequested"),
    ("delivery-mail", "hand mail over"),
    ("outbox", "hear DeliveryAccepted"),
}


@pytest.fixture(scope="module")
def told(product: Product) -> str:
    """A document that was sent in a trace of the caller's; returns its id."""
    from demo.clerk import clerk

    with clerk(product) as somebody:
        somebody.outbox.headers["traceparent"] = f"00-{TRACE}-00f067aa0ba902b7-01"
        Story(product, somebody, lambda _: None).tell([PAPER])
        (row,) = somebody.overview()
        return str(row["document"])


@pytest.mark.spec("PLT-04", "PLT-31")
def test_spans_of_every_service_hang_together_in_the_callers_trace(
    told: str, collector: Collector
) -> None:
    assert told

    def way() -> set[tuple[str, str]]:
        return {(span.service, span.name) for span in collector.of(TRACE)}

    wait_until(lambda: way() >= WAY)
    spans = collector.of(TRACE)
    known = {span.id for span in spans} | {"00f067aa0ba902b7"}
    assert {span.parent for span in spans} <= known


@pytest.mark.spec("PLT-04")
def test_no_span_carries_anything_of_a_person(told: str, anna: Clerk, collector: Collector) -> None:
    assert told
    assert anna.register(BOTH_WAYS)
    wait_until(lambda: bool(collector.of(TRACE)))
    everything = b"".join(collector.bodies)
    body = BOTH_WAYS.body
    assert b"POST /contacts" in everything
    for value in _texts(body):
        assert value.encode() not in everything


@pytest.mark.spec("PLT-04")
def test_make_trace_tells_a_document_from_its_filing_to_its_evidence(
    told: str, product: Product
) -> None:
    environment = dict(os.environ)
    for service in SERVICES:
        environment.update(product.environments[service])
    done = subprocess.run(
        [sys.executable, "-m", "events.operator.timeline", told, *SERVICES],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines == sorted(lines)
    assert "document.filed v1" in lines[0]
    (planned,) = [line for line in lines if "letter.planned" in line]
    assert "← outbox DeliveryRequested" in planned
    assert f"trace={TRACE}" in planned
    assert any("→ DeliveryAccepted DeliverySent" in line for line in lines)
    assert any("outbox" in line and "← delivery-epost DeliveryAccepted" in line for line in lines)


def _texts(body: object) -> list[str]:
    """The values of a person that cannot stand anywhere by chance."""
    if isinstance(body, dict):
        return [text for value in body.values() for text in _texts(value)]
    if isinstance(body, list):
        return [text for value in body for text in _texts(value)]
    return [str(body)] if len(str(body)) > 6 else []
