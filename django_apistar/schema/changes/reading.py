"""Reads a document that is compared: of a file, or of a commit."""

import json
import subprocess
from pathlib import Path

import yaml

from django_apistar.schema.changes.documents import UnreadableError
from django_apistar.schema.changes.keywords import Schema

GIT = 'git:'
MOST_NODES = 20_000_000  # that aliases of YAML may grow to


def read_document(name: str) -> Schema:
    """Return the object in *name*, a file or git:REV:PATH. Raises UnreadableError."""
    text = _decode(name, _read_commit(name) if name.startswith(GIT) else _read_file(name))
    is_yaml = name.endswith(('.yaml', '.yml'))
    try:
        parsed = yaml.load(text, _get_loader()) if is_yaml else json.loads(text)
    except (ValueError, RecursionError, yaml.YAMLError):
        raise UnreadableError(f'{name} is neither JSON nor YAML.') from None
    if not isinstance(parsed, dict):
        raise UnreadableError(f'{name} holds no schema: it is not an object.')
    return _make_plain(name, parsed) if is_yaml else parsed


def _get_loader() -> 'type[yaml.SafeLoader | yaml.CSafeLoader]':
    """Return the loader in C where PyYAML was built with it: a big file is ten times quicker."""
    return getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


def _read_file(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except (OSError, ValueError) as exc:
        reason = getattr(exc, 'strerror', None) or exc
        raise UnreadableError(f'{name} cannot be read: {reason}.') from None


def _read_commit(name: str) -> bytes:
    revision, _, path = name[len(GIT) :].partition(':')
    if not revision or not path or revision.startswith('-'):
        raise UnreadableError(f'{name} names no file of a commit. Write git:REV:PATH.')
    try:
        done = subprocess.run(
            ['git', 'cat-file', 'blob', f'{revision}:{path}'], capture_output=True, check=False
        )
    except FileNotFoundError:
        raise UnreadableError(f'{name} cannot be read: git is not installed.') from None
    except (OSError, ValueError) as exc:
        raise UnreadableError(f'{name} cannot be read: {exc}.') from None
    if done.returncode:
        lines = done.stderr.decode(errors='replace').strip().splitlines() or ['git failed']
        reason = lines[0].removeprefix('fatal: ').rstrip('.')
        raise UnreadableError(f'{name} cannot be read: {reason}.')
    return done.stdout


def _decode(name: str, content: bytes) -> str:
    try:
        return content.decode('utf-8')
    except UnicodeDecodeError:
        raise UnreadableError(f'{name} is not UTF-8 text.') from None


def _make_plain(name: str, parsed: object) -> Schema:
    """YAML knows dates, numbers as keys, objects that hold themselves, and aliases of aliases."""
    try:
        if _count(parsed, {}) > MOST_NODES:
            raise UnreadableError(f'{name} holds aliases that grow beyond {MOST_NODES} nodes.')
        plain: Schema = json.loads(json.dumps(parsed, default=str))
    except (ValueError, TypeError, RecursionError) as exc:
        raise UnreadableError(f'{name} holds no schema: {exc}.') from None
    return plain


def _count(node: object, known: dict[int, int]) -> int:
    """Return the number of nodes with all aliases written out; a loop counts as one node."""
    if not isinstance(node, (dict, list)):
        return 1
    if id(node) not in known:
        known[id(node)] = 1
        children = node.values() if isinstance(node, dict) else node
        known[id(node)] = 1 + sum(_count(child, known) for child in children)
    return known[id(node)]
