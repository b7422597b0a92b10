"""One suite for every post office: the adapter over HTTP, and the fake the other tests use."""

from collections.abc import Callable

import pytest
from tests.delivery_epost.conftest import Desk
from tests.delivery_epost.fakes import PostFake
from tests.delivery_epost.letters import a_letter

from delivery_epost.ports import (
    Access,
    DuplicateError,
    LetterStage,
    NotAcceptedError,
    Post,
    PostalAddress,
    PostNumber,
    RefusedError,
    UncertainError,
)
from epost_simulator.control import Control
from epost_simulator.faults import Kind


class Promises:
    """What holds for every `Post`; a subclass gives the fixtures `post` and `lose_answer`."""

    async def test_a_letter_is_found_under_its_number_and_its_reference(
        self, post: Post, access: Access
    ) -> None:
        letter = a_letter()
        number = await post.submit(access, letter)
        [report] = await post.statuses(access, [number, PostNumber(1)])
        assert (report.number, report.custom1) == (number, letter.custom1)
        assert report.stage is LetterStage.ACCEPTED
        assert await post.find(access, letter.custom1) == report
        assert await post.find(access, "nie gesehen") is None

    async def test_an_unpostable_address_is_refused(self, post: Post, access: Access) -> None:
        letter = a_letter(recipient=PostalAddress(("Eva Muster",), "1", "Bonn"))
        with pytest.raises(RefusedError):
            await post.submit(access, letter)
        assert await post.find(access, letter.custom1) is None

    async def test_the_same_bytes_again_are_a_duplicate(self, post: Post, access: Access) -> None:
        letter = a_letter()
        number = await post.submit(access, letter)
        with pytest.raises(DuplicateError) as duplicate:
            await post.submit(access, letter)
        assert duplicate.value.number == number

    async def test_nobody_sees_the_letters_of_others(
        self, post: Post, access: Access, stranger: Access
    ) -> None:
        letter = a_letter()
        number = await post.submit(access, letter)
        assert await post.find(stranger, letter.custom1) is None
        assert await post.statuses(stranger, [number]) == []
        assert await post.test_result(stranger, number) is None

    async def test_a_lost_answer_leaves_the_letter_there(
        self, post: Post, access: Access, lose_answer: Callable[[], None]
    ) -> None:
        letter = a_letter()
        lose_answer()
        with pytest.raises(UncertainError):
            await post.submit(access, letter)
        assert await post.find(access, letter.custom1) is not None


class TestEpostHttp(Promises):
    @pytest.fixture
    def post(self, desk: Desk) -> Post:
        return desk.post

    @pytest.fixture
    def lose_answer(self, simulator: Control) -> Callable[[], None]:
        return lambda: simulator.misbehave(Kind.DROP_AFTER_ACCEPT)


class TestPostFake(Promises):
    @pytest.fixture
    def fake(self) -> PostFake:
        return PostFake()

    @pytest.fixture
    def post(self, fake: PostFake) -> Post:
        return fake

    @pytest.fixture
    def lose_answer(self, fake: PostFake) -> Callable[[], None]:
        return fake.lose_next_answer

    async def test_it_fails_as_told_and_moves_as_told(self, fake: PostFake, access: Access) -> None:
        fake.fail_next(NotAcceptedError("unreachable", "ConnectError", "Nicht erreichbar."))
        with pytest.raises(NotAcceptedError):
            await fake.submit(access, a_letter())
        number = await fake.submit(access, a_letter())
        fake.move(number, LetterStage.SENT)
        [report] = await fake.statuses(access, [number])
        assert (report.stage, report.status_id) == (LetterStage.SENT, 4)
