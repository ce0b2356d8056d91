"""What the pages about Docker and Kubernetes run, run on this machine, without a container."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from management_tests.support.example_server import PRODUCTION, Example
from management_tests.support.shown_examples import EXAMPLES

pytestmark = [pytest.mark.once, pytest.mark.slow]

yaml = pytest.importorskip('yaml')
SERVE = ['python', 'manage.py', 'runapistar', '0.0.0.0:8000']
READY = "\nAPISTAR_SETTINGS['READY_URL'] = '/ready/'\n"


@pytest.fixture(scope='module')
def documents() -> list[Any]:
    return list(yaml.safe_load_all((EXAMPLES / 'deploy/kubernetes.yaml').read_text()))


@pytest.fixture
def example(tmp_path: Path) -> Example:
    made = Example(tmp_path, **PRODUCTION)
    settings = made.directory / 'shop/settings.py'
    settings.write_text(settings.read_text() + READY)
    return made


def test_the_image_is_built_without_the_secrets_of_the_site(example: Example) -> None:
    dockerfile = (EXAMPLES / 'deploy/Dockerfile').read_text()
    [command] = re.findall(r'^RUN (.* python manage.py collectstatic .*)$', dockerfile, re.M)
    environment = {'PATH': str(Path(sys.executable).parent), 'PYTHONPATH': str(EXAMPLES.parents[1])}

    done = subprocess.run(
        ['/bin/sh', '-c', command], cwd=example.directory, env=environment, capture_output=True
    )

    assert done.returncode == 0, done.stderr
    assert (example.directory / 'staticfiles/apistar/css').is_dir()


def test_probes_are_answered_by_what_the_pods_run(example: Example, documents: list[Any]) -> None:
    deployment, _, job = documents
    [container] = deployment['spec']['template']['spec']['containers']
    [migration] = job['spec']['template']['spec']['containers']
    probes = [container[f'{name}Probe']['httpGet'] for name in ('startup', 'readiness', 'liveness')]

    example.manage(*migration['args'][2:])
    with example.serve(*container['args'][len(SERVE) :]) as server:
        statuses = [server.get(probe['path']).status_code for probe in probes]

    assert container['args'][: len(SERVE)] == SERVE
    assert migration['args'][:2] == SERVE[:2]
    assert {probe['port'] for probe in probes} == {container['ports'][0]['containerPort']} == {8000}
    assert statuses == [200, 200, 200]
    assert server.returncode == 0


def test_a_pod_gets_the_time_that_its_server_takes_to_stop(documents: list[Any]) -> None:
    pod = documents[0]['spec']['template']['spec']
    [drain] = re.findall(r'--drain=(\d+)', ' '.join(pod['containers'][0]['args']))

    assert pod['terminationGracePeriodSeconds'] >= int(drain) + 30 + 5


def test_the_image_serves_as_the_pods_do(documents: list[Any]) -> None:
    dockerfile = (EXAMPLES / 'deploy/Dockerfile').read_text()
    [command] = re.findall(r'^CMD (\[.*\])$', dockerfile, re.MULTILINE)
    arguments = documents[0]['spec']['template']['spec']['containers'][0]['args']

    assert arguments == [*json.loads(command), '--drain=5']
