"""Docstrings and descriptions as HTML: CommonMark and its tables, without any HTML of their own."""

import functools
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@functools.cache
def _get_parser() -> 'MarkdownIt':
    """Return the parser: `html` off, so that what is written is text, and links are checked."""
    from markdown_it import MarkdownIt  # for who reads the page, not for each worker

    return MarkdownIt('commonmark', {'html': False}).enable('table')


def render_markdown(text: str) -> Markup:
    """Return *text* as safe HTML. Links lead to pages and mail alone, never to scripts."""
    return Markup(_get_parser().render(text))  # escaped by the parser
