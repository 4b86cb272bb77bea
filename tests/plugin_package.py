"""A package of somebody else, installed as pip would: a module, and beside it a dist-info that holds entry points."""

from itertools import count

_numbers = count()


def install(folder, monkeypatch, group, entry_points, source):
    """Put a distribution on the path of imports; returns the name of its module, which no other has.

    ``entry_points`` are attributes of the module, by the name of the entry point.
    """
    name = f"plugin_{next(_numbers)}"
    (folder / f"{name}.py").write_text(source)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{point} = {name}:{attribute}\n" for point, attribute in entry_points.items()]
    (info / "entry_points.txt").write_text(f"[{group}]\n" + "".join(lines))
    monkeypatch.syspath_prepend(folder)
    return name
