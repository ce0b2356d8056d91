"""What judges share: two documents, and the comparison of a schema in both."""

import contextlib
from collections.abc import Callable, Iterator

from django_apistar.schema.changes.changes import Change, Place, make_change, make_schema_change
from django_apistar.schema.changes.documents import Document
from django_apistar.schema.changes.keywords import ILL_FORMED
from django_apistar.schema.changes.schemas import Comparison
from django_apistar.schema.changes.unchanged import Unchanged

WORDS = (*ILL_FORMED, RecursionError)
MOST = 100  # changes of one schema


class Judgement:
    """Two documents, what is the same in both, and remarks on what cannot be compared."""

    def __init__(self, old: Document, new: Document) -> None:
        self.old = old
        self.new = new
        self.taken = Comparison(old.source, new.source, is_request=True)
        self.given = Comparison(new.source, old.source, is_request=False)
        self.unchanged = Unchanged(old.source, new.source)
        self.remarks: dict[str, None] = {}

    def remark(self, sentence: str) -> None:
        self.remarks[sentence] = None

    def guard(self, place: Place, noun: str, changes: Iterator[Change]) -> Iterator[Change]:
        """Yield *changes* as far as they come; what is not well-formed hides nothing else."""
        try:
            yield from changes
        except WORDS:
            name = str(place) or 'The document'
            self.remark(f'{name}: {noun} cannot be compared: not well-formed.')

    def compare(
        self, place: Place, where: str, old: object, new: object, is_request: bool,
        taker: Callable[[], object] | None = None,
    ) -> Iterator[Change]:  # fmt: skip
        """Yield what the schema *new* no longer takes, or newly gives, and what it does better.

        *taker* makes the schema that stands for the one that takes, where that is text.
        """
        if self.unchanged.are_same(old, new):
            return
        if is_request:
            forth = self.taken.find(old, taker() if taker else new)
        else:
            forth = self.given.find(new, taker() if taker else old)
        for finding in forth[:MOST]:
            yield make_schema_change(place, where, finding, is_request)
        if not forth:
            with contextlib.suppress(*WORDS):
                yield from self._better(place, where, old, new, is_request)

    def _better(
        self, place: Place, where: str, old: object, new: object, is_request: bool
    ) -> Iterator[Change]:
        comparison = self.taken if is_request else self.given
        back = comparison.swapped.find(*((new, old) if is_request else (old, new)))
        rule = 'request-takes-more' if is_request else 'response-promises-more'
        for below in dict.fromkeys(finding.place for finding in back):
            yield make_change(rule, place, where + below)
