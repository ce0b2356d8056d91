"""What a rule is, and the table of all of them."""

import dataclasses

from django_apistar.schema.changes.document_rules import DOCUMENT_RULES
from django_apistar.schema.changes.schema_rules import KINDS

ERROR, WARNING, INFO = LEVELS = ('error', 'warning', 'info')
REMEDIES = {
    'request': 'Go on taking it, or add a field, parameter or route that takes the new.',
    'response': 'Go on answering as before, or add a field or route that answers the new.',
    'document': 'Keep it until no client needs it.',
    'info': 'Nothing has to be done.',
}


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A kind of change. `direction`: request (what is taken), response, document (neither).

    `sentence` is filled with what a change is about. `before`, `after`: the smallest example, of
    schemas or of operations.
    """

    id: str
    level: str
    direction: str
    sentence: str
    remedy: str
    before: object
    after: object

    @property
    def is_of_schemas(self) -> bool:
        return self.direction != 'document'


def _schema_rules() -> list[Rule]:
    rules = []
    for kind in KINDS.values():
        examples = (kind.giver, kind.taker)
        for direction, name, level, sentence in (
            ('request', kind.request, kind.level, kind.refused),
            ('response', kind.response, kind.response_level or kind.level, kind.given),
        ):
            if not name:
                continue  # a shorter list in a response is reported by the rule of what is missing
            before, after = examples if direction == 'request' else examples[::-1]
            remedy = kind.remedy or REMEDIES[direction]
            rules.append(Rule(name, level, direction, sentence, remedy, before, after))
    return rules


def _document_rules() -> list[Rule]:
    return [
        Rule(
            name, level, 'document', sentence,
            remedy or REMEDIES['info' if level == INFO else 'document'], before, after,
        )
        for name, level, sentence, remedy, before, after in DOCUMENT_RULES
    ]  # fmt: skip


RULES: dict[str, Rule] = {rule.id: rule for rule in (*_document_rules(), *_schema_rules())}
