"""Copies of the repository to break, and processes that cannot outlive their run."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

# Where a process namespace can be had, nothing that a mutant starts leaves it, and no signal does.
JAILS = (
    ('unshare', '--fork', '--pid', '--kill-child', '--mount-proc'),
    ('unshare', '--user', '--map-current-user', '--fork', '--pid', '--kill-child', '--mount-proc'),
)
# The first process of a namespace has to wait for what others leave behind: a shell does.
INIT = ('sh', '-c', '"$@"; exit $?', 'sh')


class Copy:
    """A copy of the repository at *source*, with a virtualenv that imports the copy.

    The virtualenv borrows all other packages from the one that runs this.
    """

    def __init__(self, source: Path, home: Path) -> None:
        self.source = source
        self.home = home
        self.root = home / 'r'
        self.python = self.root / '.venv/bin/python'
        self._running: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def create(self) -> None:
        for name in _list_files(self.source):
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.source / name, target, follow_symlinks=False)
        # Some tests ask git for the files.
        for command in (['init', '--quiet'], ['add', '--all']):
            subprocess.run(['git', *command], cwd=self.root, check=True, capture_output=True)
        self._create_virtualenv()

    def _create_virtualenv(self) -> None:
        folder = self.root / '.venv'
        command = [sys.executable, '-m', 'venv', '--without-pip', str(folder)]
        subprocess.run(command, check=True)
        borrowed = sysconfig.get_path('purelib')
        packages = next(folder.glob('lib/python*/site-packages'))
        (packages / 'copy.pth').write_text(
            f'{self.root}\nimport site; site.addsitedir({borrowed!r})\n'
            'import os; os.environ.get("COVERAGE_PROCESS_START") and'
            ' __import__("coverage").process_startup()\n'
        )
        for script in Path(sys.executable).parent.iterdir():
            _borrow_script(script, folder / 'bin')

    @contextlib.contextmanager
    def changed(self, path: str, code: str) -> Iterator[None]:
        """Have *code* in the module at *path* for a while."""
        target = self.root / path
        original = target.read_bytes()
        try:
            self._write(target, code.encode())
            yield
        finally:
            self._write(target, original)

    def _write(self, target: Path, code: bytes) -> None:
        target.write_bytes(code)
        # Two mutants of one size within a second: Python would take the bytecode of the first.
        for compiled in (target.parent / '__pycache__').glob(f'{target.stem}.*.pyc'):
            compiled.unlink()

    def run(self, arguments: list[str], limit_s: float, **variables: str) -> int | None:
        """Return the exit status of Python with *arguments*; None where it took *limit_s*.

        Its output is in `home/output`. Whatever it started is gone when this returns.
        """
        if self._is_stopped:
            raise InterruptedError
        temporary = self.home / 't'
        temporary.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith('PYTEST_')}
        environ = {**kept, 'TMPDIR': str(temporary), **variables}
        with (self.home / 'output').open('wb') as output:
            self._running = subprocess.Popen(
                [*_find_jail(), *INIT, str(self.python), *arguments], cwd=self.root, env=environ,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
            try:
                return self._running.wait(limit_s)
            except subprocess.TimeoutExpired:
                return None
            finally:
                self.stop()
                shutil.rmtree(temporary, ignore_errors=True)
                shutil.rmtree(self.root / '.hypothesis', ignore_errors=True)

    def stop(self, for_good: bool = False) -> None:
        """Kill what runs, with all that it has started; *for_good*: and let nothing run again."""
        self._is_stopped |= for_good
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait()


@functools.cache
def _find_jail() -> tuple[str, ...]:
    """Return the first of JAILS that works here, () for none: then a session is all there is."""
    for jail in JAILS:
        with contextlib.suppress(OSError):
            if subprocess.run([*jail, 'true'], capture_output=True, check=False).returncode == 0:
                return jail
    return ()


def _list_files(source: Path) -> list[str]:
    """Return the files of the repository, new ones too, without those that git ignores."""
    command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    listed = subprocess.run(command, cwd=source, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split('\0') if name and (source / name).is_file()]


def _borrow_script(script: Path, folder: Path) -> None:
    """Write *script* into *folder* for its Python. Others than Python's are left out."""
    start = f'#!{sys.executable}\n'.encode()
    code = script.read_bytes() if script.is_file() else b''
    target = folder / script.name
    if code.startswith(start) and not target.exists():
        target.write_bytes(f'#!{folder}/python\n'.encode() + code[len(start) :])
        target.chmod(0o755)
