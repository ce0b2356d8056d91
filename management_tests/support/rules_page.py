"""The reference of all rules in docs/reference/changes.md, made of the table.

`python -m management_tests.support.rules_page` writes it anew.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_apistar.schema.changes.rules import RULES, Rule
from management_tests.support.rule_examples import fire

PAGE = Path(__file__).resolve().parents[2] / 'docs/reference/changes.md'
MARK = '<!-- From the table of rules: python -m management_tests.support.rules_page -->\n'
AREAS = {
    'document': 'Paths, parameters, bodies, responses, security',
    'request': 'Schemas of what the server takes',
    'response': 'Schemas of what the server answers',
}


def make_reference() -> str:
    return '\n'.join(_iter_lines()) + '\n'


def _iter_lines() -> Iterator[str]:
    for area, title in AREAS.items():
        yield from ('', f'### {title}')
        for rule in RULES.values():
            if rule.direction == area:
                yield from _describe(rule)


def _describe(rule: Rule) -> Iterator[str]:
    [message] = [change.message for change in fire(rule).changes if change.rule == rule.id][:1]
    yield from ('', f'`{rule.id}` ({rule.level})')
    yield f': {_upper(message)} {rule.remedy}'.replace('<', '\\<')
    yield from ('', '  ```text', f'  - {_write(rule.before)}', f'  + {_write(rule.after)}', '  ```')


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def write_page() -> None:
    kept, _, _ = PAGE.read_text().partition(MARK)
    PAGE.write_text(kept + MARK + make_reference())


if __name__ == '__main__':
    write_page()
