from apistar import types
from django.shortcuts import get_object_or_404

from django_apistar.pagination import Page, PageNumber
from django_apistar.responses import JSONResponse, responds
from django_apistar.validators import File
from records.filters import RecordFilter
from records.models import Record
from records.types import Record as RecordType
from records.types import RecordWithArtist


class Cover(types.Type):
    cover = File(max_size=1_000_000, content_types=['image/jpeg', 'image/png'])


def welcome() -> dict:
    """Say what this is."""
    return {'message': 'The records.'}


def list_records(page: PageNumber, records: RecordFilter) -> Page[RecordWithArtist]:
    """List the records, a page at a time."""
    return page.of(records.qs.select_related('artist'))


def show_record(record_id: int) -> RecordWithArtist:
    """Show one record."""
    return RecordWithArtist(get_object_or_404(Record, id=record_id))


@responds({201: RecordType})
def create_record(record: RecordType):
    """Add a record."""
    return JSONResponse(RecordType(record.create()), status_code=201)


def change_record(record_id: int, record: RecordType.partial) -> RecordType:
    """Change what the body has of a record."""
    return RecordType(record.save_to(get_object_or_404(Record, id=record_id)))


def upload_cover(record_id: int, upload: Cover) -> RecordType:
    """Store the picture of a record."""
    record = get_object_or_404(Record, id=record_id)
    record.cover = upload.cover
    record.full_clean()
    record.save()
    return RecordType(record)
