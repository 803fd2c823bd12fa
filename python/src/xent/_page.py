"""A page of the command as a fragment for notebooks."""

from __future__ import annotations

import re
from typing import List

_CLASS = "xent-report"


def fragment(page: str) -> str:
    """Returns the content of a page as one element, whose style sheet reaches nothing outside of it.

    A notebook puts it among its own elements: there are neither scripts nor names that others might have, and each rule of the style sheet
    applies below the element alone.

    Args:
        page: A document of ``xent report``.
    """
    style = "".join(re.findall(r"<style[^>]*>(.*?)</style>", page, flags=re.DOTALL))
    body = re.search(r"<body[^>]*>(.*)</body>", page, flags=re.DOTALL)
    content = body.group(1) if body else ""
    return f'<div class="{_CLASS}"><style>{scoped(style)}</style>{content}</div>'


def scoped(style: str) -> str:
    """Returns a style sheet whose rules apply below the report's element alone.

    Rules of ``:root`` and ``body`` apply to the element itself. Those for printing are left out, since a notebook is printed as it is.
    """
    rules: List[str] = []
    place = 0
    while True:
        found = re.compile(r"\s*([^{}]+)\{").match(style, place)
        if found is None:
            return "\n".join(rules)
        end = _end_of_block(style, found.end())
        selector, block = found.group(1).strip(), style[found.end() : end - 1]
        place = end
        if selector.startswith("@media"):
            if "print" not in selector:
                rules.append(f"{selector} {{ {scoped(block)} }}")
        else:
            rules.append(", ".join(_below(part.strip()) for part in selector.split(",")) + " {" + block + "}")


def _below(selector: str) -> str:
    if selector in (":root", "body", "html"):
        return f".{_CLASS}"
    return f".{_CLASS} {selector}"


def _end_of_block(style: str, start: int) -> int:
    depth = 1
    for place in range(start, len(style)):
        depth += {"{": 1, "}": -1}.get(style[place], 0)
        if depth == 0:
            return place + 1
    return len(style) + 1
