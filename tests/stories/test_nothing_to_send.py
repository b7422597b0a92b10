"""The demo says in German when it finds nothing to send, and starts nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("absent", "{docs} lässt sich nicht lesen."), ("", "Keine PDF-Dateien gefunden.")],
)
def test_a_folder_without_papers_ends_with_a_sentence(
    tmp_path: Path, folder: str, sentence: str
) -> None:
    docs = tmp_path / folder
    ended = subprocess.run(
        [sys.executable, "-m", "demo"],
        env=os.environ | {"DOCS": str(docs)},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        2,
        sentence.format(docs=docs) + "\n",
        "",
    )
    assert list(tmp_path.iterdir()) == []
