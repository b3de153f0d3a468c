"""Backups of database and evidence, each verified by restoring it, and their restoration."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = ["BackupContext", "back_up", "restore"]

if TYPE_CHECKING:
    from store.backup.backup import BackupContext, back_up, restore
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "store.backup.backup": ["BackupContext", "back_up", "restore"],
        },
    )
