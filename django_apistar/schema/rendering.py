"""A document as bytes: the same document, the same bytes."""

import json

import yaml

from django_apistar.schema.dialect import Schema

MEDIA_TYPE = 'application/vnd.oai.openapi'


def render(document: Schema, indent: int | None = None) -> bytes:
    """Return *document* as UTF-8 JSON, on one line unless *indent* (spaces) is given."""
    separators = (',', ': ') if indent else (',', ':')
    text = json.dumps(document, ensure_ascii=False, indent=indent or None, separators=separators)
    return text.encode('utf-8', 'replace')


def render_yaml(document: Schema, indent: int | None = None) -> bytes:
    """Return *document* as UTF-8 YAML, in its own order and without anchors."""
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, encoding='utf-8',
        indent=indent or 2, width=100,
    )  # fmt: skip


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True
