import pytest
from model_mommy import mommy

from records.models import Record

pytestmark = pytest.mark.django_db


def test_a_record_has_its_artist(apistar_client):
    record = mommy.make(Record, artist__name='Nina Simone', price=10)

    shown = apistar_client.get(f'/records/{record.pk}/').json()

    assert shown['artist'] == {'id': record.artist_id, 'name': 'Nina Simone'}
