"""Node.js, the linters and the generators, in a folder of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PINS = ('requirements.txt', 'package.json', 'package-lock.json')
QUIET = {
    'REDOCLY_TELEMETRY': 'off', 'REDOCLY_SUPPRESS_UPDATE_NOTICE': 'true',
    'SCARF_ANALYTICS': 'false', 'NO_COLOR': '1', 'NO_UPDATE_NOTIFIER': '1',
}  # fmt: skip


class Toolbox:
    """The programs that the files beside this one pin, installed below *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.venv = folder / 'venv'
        paths = [self.venv / 'bin', folder / 'node_modules' / '.bin', os.environ['PATH']]
        self.environment = {
            **os.environ, **QUIET, 'PATH': os.pathsep.join(map(str, paths)),
            'PYTHONDONTWRITEBYTECODE': '1',
        }  # fmt: skip

    def install(self) -> None:
        """Install what is pinned, unless it is there already."""
        pins = b''.join((HERE / name).read_bytes() for name in PINS)
        wanted, stamp = hashlib.sha256(pins).hexdigest(), self.folder / 'installed'
        if stamp.exists() and stamp.read_text() == wanted:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in PINS:
            shutil.copy(HERE / name, self.folder)
        subprocess.run([sys.executable, '-m', 'venv', str(self.venv)], check=True)
        self.run('pip', 'install', '--quiet', '--requirement', 'requirements.txt')
        self.run('npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts', '--silent')
        stamp.write_text(wanted)

    def run(self, *words: object, folder: Path | None = None) -> None:
        """Run a program in *folder*; leave with its output where it fails."""
        done = subprocess.run(
            [self._find(str(words[0])), *map(str, words[1:])],
            cwd=folder or self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f'{done.stdout}\n$ {" ".join(map(str, words))}: exit {done.returncode}')

    def _find(self, program: str) -> str:
        found = shutil.which(program, path=self.environment['PATH'])
        return found or sys.exit(f'{program} is not installed in {self.folder}.')
