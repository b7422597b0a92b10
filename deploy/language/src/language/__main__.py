"""`python -m language write`: the documents of the published language, from the code."""

import sys
from pathlib import Path

from language import asyncapi, history, kept
from language.events import spoken
from language.schema import form


def main() -> int:
    """Write schemas and AsyncAPI; 1 where a change needs a new version of its event."""
    if sys.argv[1:] != ["write"]:
        print("usage: python -m language write", file=sys.stderr)
        return 2
    root = Path()
    refused = list(history.write(root / history.FOLDER, {n: form(c) for n, c in spoken().items()}))
    for refusal in refused:
        print(refusal, file=sys.stderr)
    if refused:
        return 1
    for name in kept.add(root):
        print(f"kept from now on: {name}")
    (root / asyncapi.FILE).write_text(asyncapi.text(root), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
