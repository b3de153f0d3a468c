"""The report that ``make demo`` starts from (a pig farm on forest land in a reserve), and one user a role."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import NewAccount, NewPosting, add_account, set_password
from core.i18n import Lang, say
from reports import Submission
from store import ROLES
from store.schema import Account
from verdict import Inquiry

STORY_KEY: Final = "demo-anshang-pig-farm-2022"
STORY: Final = Submission(
    Inquiry(
        category="livestock_farm",
        x=112.395,
        y=35.625,
        datum="cgcs2000",
        accuracy_m=15.0,
        as_of=dt.date(2022, 8, 21),
        channel="demo",
    ),
    description=(
        "【示例】安上村村民未经批准，在集体林地上建养猪场，疑在崦山自然保护区内。"
        "地点、日期均为示意，并非真实的地点和时间；林地、村庄规划区图层未载入，须向林业、自然资源部门核实。"
    ),
    sample=True,
)

TOWNSHIP: Final = "140522201"
COUNTY: Final = "140522"
CITY: Final = "140500"
CAST: Final = {  # role → area that such a person typically has
    "grid_worker": TOWNSHIP,
    "officer": TOWNSHIP,
    "reviewer": COUNTY,
    "command": CITY,
    "analyst": CITY,
    "gis": CITY,
    "supervisor": CITY,
    "admin": CITY,
}


def account_name(role: str) -> str:
    """The account name of the demonstration's user of a role."""
    return f"demo-{role.replace('_', '-')}"


def demo_people(session: Session, lang: Lang) -> list[tuple[str, str, str, str]]:
    """Create one user a role, or give it a new password; returns (account, password, role, area) of each."""
    people = []
    for role, reach in CAST.items():
        name, password = account_name(role), secrets.token_urlsafe(9)
        account = session.scalar(select(Account).where(Account.name == name))
        if account is None:
            shown = f"{say(lang, ROLES[role])}（示例）"
            add_account(session, NewAccount(name, shown, password), NewPosting(role, reach))
        else:
            set_password(session, account, password)
        people.append((name, password, role, reach))
    return people
