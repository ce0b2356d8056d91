"""The Content-Security-Policy of the documentation pages: what each page needs, and no more.

Only scripts that carry the page's nonce run: nothing that a docstring or an example holds, no
`javascript:` link, and no file that somebody has uploaded beside the static ones.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from html import escape
from urllib.parse import urlsplit

from django.conf import settings as django_settings

from django_apistar.schema.dialect import Schema

HEADER = 'content-security-policy'
NONCE = '{nonce}'  # in a policy, stands for the nonce of the page
EVERY_PAGE = """
    default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {frames};
    script-src 'nonce-{nonce}'
"""
# API Star's jQuery asks by onsubmit="t" what the browser can do: the hash is that of "t".
JQUERY = "'unsafe-hashes' 'sha256-47mKTaMaEn1L3m5DAz9muidMqw636xxw7EFAK/YnPdg='"
PAGES = {
    'apistar': """ {jquery};
        style-src {static}; font-src {static}; img-src {static} data:
    """,
    # "Try it out" asks the API, and shows pictures and sounds of its answers.
    'swagger': """;
        style-src {static}; style-src-attr 'unsafe-inline'; img-src {static} data: blob:;
        connect-src {api}; media-src {api} blob:
    """,
    # Its script writes its style, and searches in a worker.
    'redoc': """;
        style-src 'unsafe-inline'; img-src {static} data:; connect-src 'self'; worker-src blob:
    """,
}
# In the page itself. 'self' means nothing to some browsers where a page comes from a file.
EXPORTED = (
    f"script-src 'nonce-{NONCE}' {JQUERY}; img-src 'self' file: data: blob:; worker-src blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'"
)
FRAMES = {'SAMEORIGIN': "'self'"}  # by X_FRAME_OPTIONS
TOKEN_URLS = ('tokenUrl', 'refreshUrl', 'openIdConnectUrl')


def build_policy(ui: str, static_url: str, origins: tuple[str, ...] = ()) -> str:
    """Return the policy of the page of *ui*, with NONCE in it.

    *static_url*: STATIC_URL, which may be of another origin. *origins*: those of the API.
    """
    frames = FRAMES.get(django_settings.X_FRAME_OPTIONS.upper(), "'none'")
    static = ' '.join(dict.fromkeys(("'self'", *_iter_origin(static_url))))
    api = ' '.join(dict.fromkeys(("'self'", *origins)))
    template = ' '.join((EVERY_PAGE.rstrip() + PAGES[ui]).split())
    return template.format(nonce=NONCE, jquery=JQUERY, frames=frames, static=static, api=api)


def find_origins(document: Schema) -> tuple[str, ...]:
    """Return the origins of *document*'s servers, and of the URLs that issue its tokens."""
    return tuple(dict.fromkeys(_walk_origins(document)))


def _walk_origins(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for server in _listed(node.get('servers')):
            yield from _iter_origin(server.get('url') if isinstance(server, dict) else None)
        for name in TOKEN_URLS:
            yield from _iter_origin(node.get(name))
        for child in node.values():
            yield from _walk_origins(child)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _iter_origin(url: object) -> Iterator[str]:
    """Yield the origin of *url* as a policy has it; none for a path.

    A host with variables, `{region}.example.com`, is any host of that scheme.
    """
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        return
    if parts is None or parts.scheme not in ('', 'http', 'https') or not parts.netloc:
        return
    if not re.fullmatch(r'[A-Za-z0-9.:_\[\]-]+', parts.netloc):
        yield f'{parts.scheme or "https"}:'
    else:
        yield f'{parts.scheme}://{parts.netloc}' if parts.scheme else parts.netloc


def make_nonce() -> str:
    return secrets.token_urlsafe(16)


def derive_nonce(content: bytes) -> str:
    """Return a nonce for a page that holds *content*, the same for the same content.

    Nothing in *content* can contain it, as it is a digest of the whole.
    """
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest())[:22].decode()


def add_nonce(page: str, nonce: str, static_url: str) -> str:
    """Return *page* with *nonce* in each script whose URL begins with *static_url*."""
    source = f'src="{escape(static_url)}'
    return page.replace(f'<script {source}', f'<script nonce="{nonce}" {source}')


def add_policy(page: str, policy: str) -> str:
    """Return *page* with *policy* in its head, for a server that sends no header, or for none."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
    return page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n    {meta}')
