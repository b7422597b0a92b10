"""Which fonts a document only names: the print centre would put others in their place."""

from collections.abc import Iterator

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

_FILES = ("/FontFile", "/FontFile2", "/FontFile3")


def fonts_not_embedded(pdf: Pdf) -> tuple[str, ...]:
    """Names of the fonts that pages refer to and the file does not hold, sorted."""
    seen: set[tuple[int, int]] = set()
    names: set[str] = set()
    for page in pdf.pages:
        for font in _fonts(page.obj.get("/Resources"), seen):
            if not _embedded(font):
                names.add(str(font.get("/BaseFont", "?")).removeprefix("/"))
    return tuple(sorted(names))


def _fonts(resources: object, seen: set[tuple[int, int]]) -> Iterator[Object]:
    """Fonts of a page and of the forms it draws, however deep; shared ones once."""
    waiting = [resources]
    while waiting:
        holder = waiting.pop()
        if not isinstance(holder, Dictionary) or _met(holder, seen):
            continue
        yield from (f for f in _values(holder, "/Font") if not _met(f, seen))
        forms = [form for form in _values(holder, "/XObject") if not _met(form, seen)]
        waiting += [form.get("/Resources") for form in forms]


def _values(holder: Dictionary, key: str) -> list[Object]:
    entries = holder.get(key)
    if not isinstance(entries, Dictionary):
        return []
    return [value for value in entries.values() if isinstance(value, Dictionary | Stream)]


def _met(thing: Object, seen: set[tuple[int, int]]) -> bool:
    """Was it here before? Only what has a number of its own can be told apart."""
    if not thing.is_indirect:
        return False
    known = thing.objgen in seen
    seen.add(thing.objgen)
    return known


def _embedded(font: Object) -> bool:
    match font.get("/Subtype"):
        case Name.Type3:
            return True
        case Name.Type0:
            descendants = font.get("/DescendantFonts")
            return isinstance(descendants, Array) and all(map(_embedded, descendants))
    descriptor = font.get("/FontDescriptor")
    return isinstance(descriptor, Dictionary) and any(key in descriptor for key in _FILES)
