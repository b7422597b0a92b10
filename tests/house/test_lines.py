"""Lines of code are counted for each package, sources and tests apart."""

from pathlib import Path

from house.lines import Row, rows

CODE = '"""Docstring."""\n\n# comment\nx = 1  # counts\n    # indented comment\n'


def write(root: Path, *places: str) -> None:
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(CODE, encoding="utf-8")


def test_sources_migrations_and_tests_are_told_apart(tmp_path: Path) -> None:
    write(
        tmp_path,
        "services/post-office/pyproject.toml",
        "services/post-office/src/post_office/__init__.py",
        "services/post-office/src/post_office/domain/letter.py",
        "services/post-office/migrations/0001_first.py",
        "tests/post_office/test_letter.py",
        "tests/stories/test_story.py",
        "tests/fixtures/picture.txt",
    )
    assert rows(tmp_path) == [Row("post_office", 6, 2), Row("stories", 0, 2)]
