import datetime
from typing import Any

from apistar import Route, types, validators
from django.core.serializers.json import DjangoJSONEncoder


class Encoder(DjangoJSONEncoder):
    """Dates as people write them in Germany, times as seconds."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime.datetime):
            return int(o.timestamp())
        if isinstance(o, datetime.date):
            return o.strftime('%d.%m.%Y')
        return super().default(o)


class Day(types.Type):
    date = validators.Date()


def show_dict() -> dict:
    moment = datetime.datetime(2026, 11, 28, 12, 30, tzinfo=datetime.timezone.utc)
    return {'date': moment.date(), 'time': moment}


def show_type() -> Day:
    return Day(date=datetime.date(2026, 11, 28))


routes = [
    Route('/dict/', 'GET', show_dict),
    Route('/type/', 'GET', show_type),
]
