"""What no file of the repository contains."""

import re
import subprocess
from pathlib import Path

import pytest

# Written in pieces, or as patterns that do not match themselves: this file is searched as well.
MACHINE_PATH = re.compile(r"(?<![\w./}\])~-])/(?:work|root|tmp|home|Users)/\w")
REGISTRY = re.compile(
    r"py[p]i\.org|python[h]osted\.org|repo1\.[m]aven|[m]aven\.apache\.org|registry\.[n]pmjs"
    r"|crates\.[i]o|proxy\.[g]olang|deb\.[d]ebian|archive\.[u]buntu"
)
UNFINISHED = re.compile(r"\bT[O]DO\b|\bF[I]XME\b")
AUTHOR = re.compile(r"co-?[a]uthored-by|language[ -][m]odel|\bL[L]M\b", re.IGNORECASE)
SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[\w+/]{20}")


@pytest.fixture(scope="module")
def texts(root: Path) -> dict[str, str]:
    """Every text file that is, or is about to be, under version control."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the files under version control are not known")
    names = [name for name in listed.stdout.decode().split("\0") if (root / name).is_file()]
    contents = {name: (root / name).read_bytes() for name in names}
    return {
        name: content.decode(errors="replace")
        for name, content in contents.items()
        if b"\0" not in content
    }


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(MACHINE_PATH, id="a path of somebody's machine"),
        pytest.param(REGISTRY, id="the host of a package registry"),
        pytest.param(UNFINISHED, id="a note of what is left to do"),
        pytest.param(AUTHOR, id="who wrote it"),
        pytest.param(SECRET, id="a private key"),
    ],
)
def test_no_file_contains(pattern: re.Pattern[str], texts: dict[str, str]) -> None:
    assert "pyproject.toml" in texts
    found = [
        f"{name}: {match[0]}" for name, text in texts.items() for match in pattern.finditer(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "text", "times"),
    [
        (MACHINE_PATH, "see /" + "tmp/x", 1),
        (MACHINE_PATH, '"/' + 'root/x"', 1),
        (MACHINE_PATH, "mountPath: /tmp", 0),
        (MACHINE_PATH, "https://host/" + "home/x", 0),
        (MACHINE_PATH, "var/tmp/x", 0),
        (REGISTRY, "https://py" + "pi.org/simple", 1),
        (UNFINISHED, "# TO" + "DO later", 1),
        (AUTHOR, "Co-" + "Authored-By: x", 1),
        (SECRET, "-----BEGIN EC PRIVATE KEY-----\n" + "A" * 64, 1),
        (SECRET, "a key begins with -----BEGIN PRIVATE KEY-----", 0),
    ],
)
def test_the_patterns_find(pattern: re.Pattern[str], text: str, times: int) -> None:
    assert len(pattern.findall(text)) == times
