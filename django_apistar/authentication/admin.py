from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_apistar.authentication.models import Token

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Token]
else:
    ModelAdmin = admin.ModelAdmin


@admin.register(Token)
class TokenAdmin(ModelAdmin):
    """Shows and revokes tokens. They are issued where their key can be shown once: not here."""

    list_display = ('id', 'user', 'created', 'last_used', 'expires')
    list_filter = ('created', 'last_used', 'expires')
    list_select_related = ('user',)
    ordering = ('-created',)
    date_hierarchy = 'created'
    fields = ('id', 'user', 'created', 'last_used', 'expires')

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting is revoking: Django's own action, asking and logging as usual, says so."""
        actions: dict[str, Any] = super().get_actions(request)
        if 'delete_selected' in actions:
            function, name, _description = actions['delete_selected']
            actions['delete_selected'] = (function, name, _('Revoke the selected tokens'))
        return actions
