"""The messages of an array or object that is refused: a thousand at most, and no more work."""

from __future__ import annotations

from apistar.exceptions import ValidationError

MOST_MESSAGES = 1000


class Messages(dict[object, object]):
    """Messages by position or key, each of which may hold those of an item's own parts."""

    count = 0

    def add(self, key: object, detail: object) -> None:
        """Note *detail*. Raises ValidationError with all of them when there are enough."""
        self[key] = detail
        self.count += _count(detail)
        if self.count >= MOST_MESSAGES:
            self.refuse()

    def refuse(self) -> None:
        """Raise ValidationError if there are any."""
        if self:
            raise ValidationError(dict(self)) from None


def _count(detail: object) -> int:
    return sum(map(_count, detail.values())) if isinstance(detail, dict) else 1
