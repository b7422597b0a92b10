"""`make trace ID=…`: asks every service for one story and prints it in the order of its instants.

    python -m events.operator.timeline ID SERVICE…

Each service is asked by its own tool `trace`, with the variables that it runs with.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import orjson

from events.registry import Json


def main(argv: Sequence[str]) -> int:
    """0 where the story is told; 1 where nobody knows it, or a service could not be asked."""
    story, *services = argv
    with ThreadPoolExecutor() as askers:
        answers = list(askers.map(lambda service: _asked(service, story), services))
    silent = [name for name, answer in zip(services, answers, strict=True) if answer is None]
    lines = sorted((line for answer in answers for line in answer or ()), key=_at)
    for text in timeline(lines):
        print(text)
    for service in silent:
        print(f"{service} could not be asked", file=sys.stderr)
    if not lines:
        print(f"nobody knows {story}", file=sys.stderr)
    return 0 if lines and not silent else 1


def _asked(service: str, story: str) -> list[Json] | None:
    asked = [sys.executable, "-m", service, "trace", story]
    done = subprocess.run(asked, capture_output=True, check=False)  # noqa: S603 - our own programs
    if done.returncode != 0:
        return None
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def timeline(lines: Sequence[Json]) -> Iterator[str]:
    """A line for each fact and for each record under way: when, who, what, and how long after."""
    told = {
        one["id"]: (line["service"], one["topic"], _at(line))
        for line in lines
        for one in line.get("published", ())
    }
    for line in lines:
        since = (_at(line) - _at(lines[0])).total_seconds()
        name = f"{line['name']} v{line['version']}" if "version" in line else line["name"]
        text = f"{line['at']}  +{since:9.3f} s  {line['service']:15} {line['what']:10} {name:36}"
        yield f"{text} {' '.join(_details(line, told))}".rstrip()


def _details(line: Json, told: Mapping[str, tuple[str, str, datetime]]) -> Iterator[str]:
    cause = told.get(line.get("causation") or "")
    if cause is not None:
        service, topic, at = cause
        yield f"← {service} {topic} {(_at(line) - at).total_seconds():.3f} s"
    if one := line.get("published"):
        yield f"→ {' '.join(each['topic'] for each in one)}"
    if line.get("why"):
        yield f"({line['why']})"
    for name in ("stream", "actor", "correlation", "trace"):
        if line.get(name):
            yield f"{name}={line[name]}"


def _at(line: Json) -> datetime:
    return datetime.fromisoformat(line["at"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
