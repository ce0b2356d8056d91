"""Everything stands in setup.cfg but what is made of its `url`: links that work away from here."""

import configparser
import re
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).resolve().parent
LINK = re.compile(r'(!?)(\[[^]]*\])\((?!https?:|#)([^)]+)\)')


def read_url() -> str:
    parser = configparser.ConfigParser()
    parser.read(HERE / 'setup.cfg', encoding='utf-8')
    return parser['metadata']['url']


def make_absolute(text: str, url: str) -> str:
    """Return the Markdown *text* with its links into the repository at *url*."""

    def write(link: 're.Match[str]') -> str:
        image, label, path = link.groups()
        return f'{image}{label}({url}/{"raw" if image else "blob"}/main/{path})'

    return LINK.sub(write, text)


if __name__ == '__main__':
    url = read_url()
    setup(
        long_description=make_absolute((HERE / 'README.md').read_text(encoding='utf-8'), url),
        long_description_content_type='text/markdown',
        project_urls={
            'Source': url,
            'Documentation': f'{url}/blob/main/docs/index.md',
            'Changelog': f'{url}/blob/main/CHANGELOG.md',
            'Issues': f'{url}/issues',
            'Security': f'{url}/blob/main/SECURITY.md',
        },
    )
