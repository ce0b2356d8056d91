from django.shortcuts import get_object_or_404

from django_apistar.pagination import Page, PageNumber
from records.filters import RecordFilter
from records.models import Record
from records.types import RecordWithArtist


def welcome() -> dict:
    """Say what this is."""
    return {'message': 'The records.'}


def list_records(page: PageNumber, records: RecordFilter) -> Page[RecordWithArtist]:
    """List the records, a page at a time."""
    return page.of(records.qs.select_related('artist'))


def show_record(record_id: int) -> RecordWithArtist:
    """Show one record."""
    return RecordWithArtist(get_object_or_404(Record, id=record_id))
