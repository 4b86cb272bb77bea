"""Text as Hydra's override grammar reads it."""

import re

PLAIN = re.compile(r"[\w./@%+-]+")  # what needs no quotes


def quoted(text: str) -> str:
    """The value of an override that stands for this very text.

    Within quotes a backslash counts only before a quote, where it is doubled, and before an interpolation.
    """
    if PLAIN.fullmatch(text):
        return text
    text = re.sub(r"(\\*)\$\{", lambda start: start[1] * 2 + "\\${", text)
    return "'" + re.sub(r"(\\*)('|$)", lambda end: end[1] * 2 + ("\\'" if end[2] else ""), text) + "'"
