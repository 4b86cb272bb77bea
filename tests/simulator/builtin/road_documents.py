"""Short OpenDRIVE documents."""

NO_MARK = '<roadMark sOffset="0" type="none" color="white" width="0.15"/>'


def lane(number, kind, width="", mark=NO_MARK):
    return f'<lane id="{number}" type="{kind}" level="false">{width}{mark}</lane>'


def width(a, b=0.0, c=0.0, start=0.0):
    return f'<width sOffset="{start}" a="{a}" b="{b}" c="{c}" d="0"/>'


def mark(kind, color="white", thickness=0.15):
    return f'<roadMark sOffset="0" type="{kind}" color="{color}" width="{thickness}"/>'


def section(s, left="", right="", centre=NO_MARK):
    left = f"<left>{left}</left>" if left else ""
    return f'<laneSection s="{s}">{left}<center>{lane(0, "none", "", centre)}</center><right>{right}</right></laneSection>'


def road(geometry, length, sections, *, offset="", elevation="", speed=""):
    """A document with one road."""
    return (
        '<?xml version="1.0"?><OpenDRIVE><header revMajor="1" revMinor="8" name="x" version="1"/>'
        f'<road name="r" length="{length}" id="7" junction="-1"><link/>{speed}<planView>{geometry}</planView>'
        f"<elevationProfile>{elevation}</elevationProfile><lateralProfile/><lanes>{offset}{sections}</lanes></road></OpenDRIVE>"
    )


def straight(length, sections):
    geometry = f'<geometry s="0" x="0" y="0" hdg="0" length="{length}"><line/></geometry>'
    return road(geometry, length, sections)
