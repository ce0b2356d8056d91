import pytest
from model_bakery import baker

from records.models import Record

pytestmark = pytest.mark.django_db


def test_a_page_has_two_queries(apistar_client, django_assert_num_queries):
    baker.make(Record, _quantity=30, price=10)

    with django_assert_num_queries(2):
        page = apistar_client.get('/records/').json()

    assert (page['count'], len(page['results'])) == (30, 20)


def test_a_filter_finds_by_title(apistar_client):
    baker.make(Record, title='Giant Steps', price=10)
    baker.make(Record, title='Blue Train', price=10)

    page = apistar_client.get('/records/?title__icontains=blue').json()

    assert [record['title'] for record in page['results']] == ['Blue Train']
