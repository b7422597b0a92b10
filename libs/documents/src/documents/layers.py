"""Optional content: a layer that its author switched off stays off when documents are merged."""

from pikepdf import Array, Dictionary, Name, Object, Pdf


def carry_layers(source: Pdf, target: Pdf) -> None:
    """Add the source's layers to the target's; call it once its pages have been copied."""
    properties = source.Root.get("/OCProperties")
    if not isinstance(properties, Dictionary):
        return
    if not properties.is_indirect:
        properties = source.make_indirect(properties)
    copied = target.copy_foreign(properties)
    groups = _items(copied, "/OCGs")
    usual = copied.get("/D", Dictionary())
    shown = {group.objgen for group in _items(usual, "/ON")}
    hidden = _items(usual, "/OFF")
    if usual.get("/BaseState") == Name.OFF:
        hidden = [group for group in groups if group.objgen not in shown]
    merged = _properties(target)
    merged.OCGs.extend(groups)
    merged.D.OFF.extend(hidden)
    merged.D.AS.extend(_items(usual, "/AS"))


def _items(holder: Object, key: str) -> list[Object]:
    array = holder.get(key)
    return list(array) if isinstance(array, Array) else []


def _properties(target: Pdf) -> Object:
    if "/OCProperties" not in target.Root:
        usual = Dictionary(OFF=Array(), AS=Array())
        target.Root.OCProperties = Dictionary(OCGs=Array(), D=usual)
    return target.Root.OCProperties
