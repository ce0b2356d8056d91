"""WhiteNoise for STATIC_URL, and the staticfiles finder of API Star's own assets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.headers import Headers

from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.contrib.staticfiles.utils import matches_patterns
from django.core.checks import CheckMessage
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from whitenoise import WhiteNoise

from django_apistar.api import errors
from django_apistar.api.http_errors import HTTPError
from django_apistar.conf.folders import get_folders
from django_apistar.conf.parser import get_settings
from django_apistar.dispatch.partial_files import PartialFile
from django_apistar.schema import ui

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from whitenoise.responders import Redirect, StaticFile

SOURCE_MAP = re.compile(rb'^(/\*|//)# sourceMappingURL=\S+( \*/)?$', re.MULTILINE)
ALLOW = ('allow', 'GET, HEAD, OPTIONS')
NOSNIFF = ('x-content-type-options', 'nosniff')


class StaticFiles(WhiteNoise):
    """Static files below *prefix*: found by the finders under DEBUG, else in STATIC_ROOT.

    Everything is looked up once at start, except under DEBUG. The packages' own assets are
    served even before collectstatic has run.
    """

    def __init__(self, prefix: str, debug: bool) -> None:
        super().__init__(
            not_found,
            autorefresh=debug,
            max_age=0 if debug else 60,
            charset='utf-8',
            allow_all_origins=True,
            add_headers_function=_add_headers,
        )
        self.prefix = prefix
        for folder, name in _asset_folders():
            self.add_files(folder, prefix=f'{prefix}{name}')
        root: Any = django_settings.STATIC_ROOT
        if root and not debug and Path(root).is_dir():
            self.add_files(root, prefix=prefix)

    def candidate_paths_for_url(self, url: str) -> Iterator[str]:
        if url.startswith(self.prefix):
            found = finders.find(url[len(self.prefix) :].lstrip('/'))
            if isinstance(found, str):
                yield found
        yield from super().candidate_paths_for_url(url)

    def serve(
        self,
        static_file: StaticFile | Redirect,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Let WhiteNoise serve GET and HEAD; answer other methods as for an API Star route."""
        if environ['REQUEST_METHOD'] == 'OPTIONS':
            start_response('204 No Content', [ALLOW])
            return []
        if environ['REQUEST_METHOD'] not in ('GET', 'HEAD'):
            refusal = HTTPError('Method not allowed', 405, dict([ALLOW]))
            return _refuse(refusal, environ, start_response)
        if environ.get('HTTP_RANGE'):
            return super().serve(PartialFile(static_file), environ, start_response)
        return super().serve(static_file, environ, start_response)

    def immutable_file_test(self, path: str, url: str) -> bool:
        """A file whose name holds its content's hash never changes."""
        name = url[len(self.prefix) :] if url.startswith(self.prefix) else url
        hashed_files = getattr(staticfiles_storage, 'hashed_files', {})
        return name in hashed_files.values()


def _add_headers(headers: Headers, path: str, url: str) -> None:
    headers.add_header(*NOSNIFF)


def find_file(path: str) -> bool:
    """Return whether the URL *path*, below STATIC_URL, is served as a static file."""
    settings = get_settings()
    if settings.static_prefix is None:
        return False
    files = StaticFiles(settings.static_prefix, settings.debug)
    found = files.find_file(path) if settings.debug else files.files.get(path)
    return found is not None


def not_found(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer 404 as API Star does."""
    body = _refuse(HTTPError('Not found', 404), environ, start_response)
    return body if environ['REQUEST_METHOD'] != 'HEAD' else []


def _refuse(
    refusal: HTTPError, environ: WSGIEnvironment, start_response: StartResponse
) -> list[bytes]:
    sends_problems = get_settings().sends_problems
    return errors.send_refusal(refusal, environ, start_response, [NOSNIFF], sends_problems)


class Assets(FileSystemStorage):
    """API Star's files, without the references to source maps that it does not ship.

    A manifest storage refuses to collect a file that names a missing one.
    """

    prefix: str  # the folder's name below STATIC_URL, '' for STATIC_URL itself

    def _open(self, name: str, mode: str = 'rb') -> ContentFile[bytes]:
        content = Path(self.path(name)).read_bytes()
        return ContentFile(SOURCE_MAP.sub(b'', content), name)


class APIStarFinder(finders.BaseFinder):
    """Finds the assets of the installed apistar package as 'apistar/…', for collectstatic.

    And those of the project's PACKAGES and STATIC_DIR, read anew each time: Django keeps a finder.
    """

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: object) -> list[CheckMessage]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        # Django 5.2 renamed `all` to `find_all`.
        find_all = find_all or kwargs.get('all', False)
        found = [storage.path(name) for storage, name in _look_for(path)]
        return found if find_all else next(iter(found), [])

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        for storage in _open_storages():
            folder = Path(storage.location)
            for file in sorted(folder.rglob('*')):
                name = file.relative_to(folder).as_posix()
                if file.is_file() and not matches_patterns(name, ignore_patterns):
                    yield name, storage


def _open_storages() -> Iterator[Assets]:
    """Yield a storage of each folder; a file of an earlier one hides those of later ones."""
    assets = (_static_folder('apistar'), 'apistar')
    for folder, name in reversed([*get_folders().iter_static(), assets]):
        storage = Assets(location=folder)
        storage.prefix = name
        yield storage


def _look_for(path: str) -> Iterator[tuple[Assets, str]]:
    """Yield each storage that has *path*, a file below STATIC_URL, and its name in there."""
    for storage in _open_storages():
        head = f'{storage.prefix}/' if storage.prefix else ''
        name = path.removeprefix(head)
        if path.startswith(head) and name and storage.exists(name):
            yield storage, name


def _asset_folders() -> Iterator[tuple[str, str]]:
    """Yield (folder, its name below STATIC_URL) of STATIC_DIR, PACKAGES and documentation pages.

    A file of a later folder hides those of earlier ones.
    """
    yield from get_settings().folders.iter_static()
    yield _static_folder('apistar'), 'apistar'
    yield f'{_static_folder("django_apistar")}/django_apistar', 'django_apistar'
    if get_settings().docs_ui != 'apistar' and ui.is_installed():
        yield str(ui.sidecar_folder()), ui.SIDECAR


def _static_folder(package: str) -> str:
    return str(resources.files(package) / 'static')
