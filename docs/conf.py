"""Sphinx reads this: `make docs`."""

import configparser
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Docstrings of the public names are read from the modules themselves.
sys.path.insert(0, str(ROOT))
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'management_tests.project.settings')

setup_cfg = configparser.ConfigParser()
setup_cfg.read(ROOT / 'setup.cfg', encoding='utf-8')

project = 'django-apistar'
author = setup_cfg['metadata']['author']
copyright = f'2026, {author}, BSD-3-Clause'  # noqa: A001 - Sphinx's name
release = re.search(
    r"^__version__ = '(.+)'", (ROOT / 'django_apistar/__init__.py').read_text(), re.MULTILINE
)[1]
version = release

extensions = ['myst_parser', 'sphinx.ext.autodoc']
autodoc_typehints = 'none'
default_role = 'code'
source_suffix = {'.md': 'markdown'}
exclude_patterns = ['_build']
myst_enable_extensions = ['colon_fence', 'deflist']
myst_heading_anchors = 4

html_theme = 'furo'
html_title = f'django-apistar {release}'
html_static_path = ['_static']
html_css_files = ['site.css']
# furo's own underlines modules and classes, as if they were links.
pygments_dark_style = 'github-dark'


def link_last_page(app, page, template, context, doctree):
    """The last page leads back to the first: a reader never meets a dead end."""
    if not context.get('next') and context.get('prev'):
        first = {'link': app.builder.get_relative_uri(page, 'index'), 'title': project}
        context['next'] = first


def setup(app):
    import django

    django.setup()
    app.connect('html-page-context', link_last_page)
