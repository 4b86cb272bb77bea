"""Quoting for Hydra's override grammar."""

import re

PLAIN = re.compile(r"[\w./@%+-]+")  # what needs no quotes


def quoted(text: str) -> str:
    """Quote a text so that Hydra parses it as exactly this text.

    Within quotes a backslash is special only before a quote and before an interpolation, where it is doubled.
    """
    if PLAIN.fullmatch(text):
        return text
    text = re.sub(r"(\\*)\$\{", lambda start: start[1] * 2 + "\\${", text)
    return "'" + re.sub(r"(\\*)('|$)", lambda end: end[1] * 2 + ("\\'" if end[2] else ""), text) + "'"
