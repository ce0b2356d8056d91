"""manage.py run: the original's command, which says what it is called now."""

from typing import NoReturn

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = 'Say what `run` of the original is called now.'
    requires_system_checks = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Run without the options, which were the original's."""
        super().run_from_argv(argv[:2])

    def handle(self, *args: object, **options: object) -> NoReturn:
        raise CommandError(
            'manage.py run is called runapistar now. Write: manage.py runapistar ADDRESS:PORT.'
        )
