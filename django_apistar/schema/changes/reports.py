"""The changes of two documents as text, JSON, Markdown, and annotations of GitHub."""

import dataclasses
import difflib
import json
from collections.abc import Callable

from django_apistar.schema.changes.changes import Change
from django_apistar.schema.changes.comparing import Report
from django_apistar.schema.changes.keywords import Schema
from django_apistar.schema.changes.rules import ERROR, INFO, LEVELS, RULES, WARNING

TITLES = {
    ERROR: 'Breaking changes', WARNING: 'Changes that may break a client', INFO: 'Other changes',
}  # fmt: skip
ANNOTATIONS = {ERROR: 'error', WARNING: 'warning', INFO: 'notice'}
MOST_LINES = 400_000  # of both documents together, for a diff
Paint = Callable[[str, str], str]  # level and text


def diff(old: Schema, new: Schema, old_name: str, new_name: str) -> tuple[str, ...]:
    """Return the lines of a unified diff of the two documents, () where they are equal.

    Of documents that would take minutes it is one line.
    """
    lines, others = _lines(old), _lines(new)
    if lines != others and len(lines) + len(others) > MOST_LINES:
        return (f'--- {old_name} and {new_name} differ; they are too long for a diff.',)
    return tuple(difflib.unified_diff(lines, others, old_name, new_name, n=2, lineterm=''))


def _lines(document: Schema) -> list[str]:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True).splitlines()


def write_text(report: Report, name: str, paint: Paint) -> str:
    parts = []
    for level in LEVELS:
        changes = report.of(level)
        if changes:
            lines = [f'- {change.place}: {change.message} [{change.rule}]' for change in changes]
            parts.append('\n'.join([paint(level, f'{TITLES[level]}:'), *lines]))
    return '\n\n'.join(parts)


def write_json(report: Report, name: str, paint: Paint) -> str:
    changes = [dataclasses.asdict(change) for change in report.changes]
    return json.dumps({'changes': changes}, indent=2, ensure_ascii=False)


def write_markdown(report: Report, name: str, paint: Paint) -> str:
    parts = [f'## Changes since `{name}`']
    for level in LEVELS:
        changes = report.of(level)
        if changes:
            rows = [_row(change) for change in changes]
            head = ['| where | what | rule |', '| --- | --- | --- |']
            parts.append('\n'.join([f'### {TITLES[level]}', '', *head, *rows]))
    return '\n\n'.join(parts if len(parts) > 1 else [*parts, 'None.'])


def _row(change: Change) -> str:
    cells = (f'`{change.place}`', _escape(change.message), f'`{change.rule}`')
    return '| ' + ' | '.join(cell.replace('|', '\\|') for cell in cells) + ' |'


def _escape(text: str) -> str:
    for character in '\\`*_<>[]':
        text = text.replace(character, '\\' + character)
    return text.replace('\n', ' ')


def write_github(report: Report, name: str, paint: Paint) -> str:
    """Return a workflow command for each change: GitHub shows them at the file."""
    return '\n'.join(
        f'::{ANNOTATIONS[change.level]} {_get_properties(change, name)}::'
        + _encode(f'{change.place}: {change.message}'
                  + ('' if change.level == INFO else f' {RULES[change.rule].remedy}'))
        for change in report.changes
    )  # fmt: skip


def _get_properties(change: Change, name: str) -> str:
    values = {'file': name.split(':')[-1], 'title': change.rule}
    return ','.join(
        f'{key}={_encode(value).replace(":", "%3A").replace(",", "%2C")}'
        for key, value in values.items()
    )


def _encode(text: str) -> str:
    return text.replace('%', '%25').replace('\r', '%0D').replace('\n', '%0A')


WRITERS: dict[str, Callable[[Report, str, Paint], str]] = {
    'text': write_text,
    'json': write_json,
    'markdown': write_markdown,
    'github': write_github,
}
