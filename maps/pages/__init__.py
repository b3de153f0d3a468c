"""The pages: public map, command centre, officer's page with its service worker, sign-in and account."""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "LayerAccuracy",
    "POLICY",
    "account_page",
    "command_page",
    "field_page",
    "manifest",
    "map_page",
    "sign_in_page",
    "worker_script",
]

if TYPE_CHECKING:
    from maps.pages.accounts import POLICY, account_page, sign_in_page
    from maps.pages.command_centre import LayerAccuracy, command_page
    from maps.pages.officer import field_page
    from maps.pages.public_map import map_page
    from maps.pages.service_worker import manifest, worker_script
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "maps.pages.accounts": ["POLICY", "account_page", "sign_in_page"],
            "maps.pages.command_centre": ["LayerAccuracy", "command_page"],
            "maps.pages.officer": ["field_page"],
            "maps.pages.public_map": ["map_page"],
            "maps.pages.service_worker": ["manifest", "worker_script"],
        },
    )
