"""Counts of one process: bounded, and the highest stay. Counts in a cache last their period."""

import time
import tracemalloc

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.test import override_settings

from django_apistar.api.counts import SIZE, CachedCounts, LocalCounts, get_local_counts


def fill(counts: LocalCounts, **numbers: int) -> None:
    for key, number in numbers.items():
        for _ in range(number):
            counts.increase(key, 60)


def read(counts: LocalCounts, keys: str) -> list[int]:
    return [counts.get(key).number for key in keys]


def test_lowest_counts_make_room_and_of_these_the_oldest():
    counts = LocalCounts(size=4)
    fill(counts, a=3, b=1, c=2, d=1)

    fill(counts, e=1)
    assert read(counts, 'abcde') == [3, 0, 2, 1, 1]

    fill(counts, f=1, g=1, h=2)
    assert read(counts, 'acdefgh') == [3, 2, 0, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ('setting', 'begins_anew'),
    [({'APISTAR_SETTINGS': {}}, True), ({'CACHES': {}}, True), ({'TIME_ZONE': 'UTC'}, False)],
    ids=str,
)
def test_counts_begin_anew_with_the_settings_that_say_how_to_count(setting, begins_anew):
    """`apps`"""
    counts = get_local_counts('login')

    with override_settings(**setting):
        assert (get_local_counts('login') is not counts) is begins_anew


def test_counts_that_are_over_make_room_first():
    counts = LocalCounts(size=2)
    counts.increase('a', 0)
    counts.increase('a', 0)
    fill(counts, b=1, c=1)

    assert read(counts, 'abc') == [0, 1, 1]


def test_more_of_a_key_need_no_room():
    counts = LocalCounts(size=2)

    fill(counts, a=1, b=1)
    fill(counts, a=1, b=1)

    assert read(counts, 'ab') == [2, 2]


@pytest.mark.case('B23')
def test_ten_thousand_counts_are_kept():
    counts = LocalCounts()
    for number in range(10_000):
        counts.increase(str(number), 60)
    assert all(counts.get(str(number)).number == 1 for number in range(10_000))

    counts.increase('one more', 60)
    assert [number for number in range(10_000) if counts.get(str(number)).number][:1] == [2_500]


@pytest.mark.case('B23')
def test_memory_is_bounded_however_many_keys_there_are():
    tracemalloc.start()
    counts = LocalCounts()
    for i in range(3 * SIZE):
        counts.increase(f'django_apistar.login.{i:064}', 60)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size < 5_000_000


@pytest.mark.parametrize('backend', ['filebased.FileBasedCache', 'locmem.LocMemCache'])
def test_a_cache_keeps_counts_for_their_period(tmp_path, backend):
    """Without atomic counts its `incr` sets the number anew for its TIMEOUT, here none at all."""
    backend = f'django.core.cache.backends.{backend}'
    caches = {'default': {'BACKEND': backend, 'LOCATION': tmp_path, 'TIMEOUT': 0}}
    counts = CachedCounts()

    with override_settings(CACHES=caches):
        numbers = [counts.increase('a', period_s) for period_s in (60, 1, 1)]
        number, until = counts.get('a')

    assert (numbers, number) == ([1, 2, 3], 3)
    assert 55 < until - time.time() <= 60


@pytest.mark.parametrize('backend', ['filebased.FileBasedCache', 'locmem.LocMemCache'])
def test_a_count_that_goes_on_ends_with_its_period(tmp_path, backend, monkeypatch):
    backend = f'django.core.cache.backends.{backend}'
    now = [time.time()]
    monkeypatch.setattr(time, 'time', lambda: now[0])
    numbers = []

    with override_settings(CACHES={'default': {'BACKEND': backend, 'LOCATION': str(tmp_path)}}):
        for pause_s in (0, 1.5, 0.6, 0):
            now[0] += pause_s
            numbers.append(CachedCounts().increase('a', 2))

    assert numbers == [1, 2, 1, 2]


class Raced(LocMemCache):
    """A cache to which another process adds each key just before."""

    def add(self, *args, **kwargs):
        super().add(*args, **kwargs)
        return False


def test_what_another_process_counts_first_is_counted():
    caches = {'default': {'BACKEND': f'{__name__}.Raced', 'LOCATION': 'raced'}}

    with override_settings(CACHES=caches):
        assert [CachedCounts().increase('a', 60) for _ in range(2)] == [2, 3]
