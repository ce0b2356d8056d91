"""Sphinx reads this: `make docs`."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

project = 'django-apistar'
author = 'the django-apistar contributors'
# Read and not imported: the docs can be built without Django.
release = re.search(
    r"^__version__ = '(.+)'", (ROOT / 'django_apistar/__init__.py').read_text(), re.MULTILINE
)[1]
version = release

extensions = ['myst_parser']
source_suffix = {'.md': 'markdown'}
exclude_patterns = ['_build']
myst_enable_extensions = ['colon_fence', 'deflist']
myst_heading_anchors = 3

html_theme = 'furo'
html_title = f'django-apistar {release}'
