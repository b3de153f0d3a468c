"""What is asked: one frozen value that every door builds and every layer passes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.clock import today
from core.errors import BadInput, TooLarge
from core.i18n import N_
from core.settings import Settings
from facts.lookup import fetch_facts
from geo.measure.geodesic import Plane
from geo.measure.probability import sigma_from_r68, sigma_from_r95
from geo.place.location import Location
from verdict.judge import Case, Judgement, judge
from verdict.jurisdiction import decide
from verdict.model import Jurisdiction, Verdict
from verdict.preconditions import check_day
from verdict.thresholds import DEFAULT, Thresholds


def _listed(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


@dataclass(frozen=True, slots=True)
class Limits:
    """What an installation takes at most, and where certainty begins."""

    max_accuracy_m: float
    max_vertices: int
    max_extent_m: float = 50_000.0
    shares: Thresholds = DEFAULT
    r95_channels: frozenset[str] = frozenset()
    urgent_zones: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits of these settings."""
        shares = Thresholds(settings.certain_share, settings.disputed_share, settings.possible_share)
        channels, urgent = _listed(settings.r95_channels), _listed(settings.urgent_zones)
        most = (settings.max_accuracy_m, settings.max_vertices, settings.max_extent_m)
        return cls(*most, shares, channels, urgent)

    def checked(self, location: Location) -> Location:
        """Refuse a footprint larger than any site: it would cost the store minutes and mean nothing."""
        if location.footprint is None:
            return location
        west, south, east, north = location.footprint.bounds
        plane = Plane(location.lon, location.lat)
        extent = max((east - west) * plane.kx, (north - south) * plane.ky)
        if extent > self.max_extent_m:
            raise TooLarge(
                N_("The footprint is {extent} km across, {most} km are taken."),
                field="footprint",
                hint=N_("Send the site itself, or parts of it."),
                extent=f"{extent / 1000:.0f}",
                most=f"{self.max_extent_m / 1000:g}",
            )
        return location

    def r68(self, accuracy_m: float, channel: str) -> float:
        """The 68 % radius that a channel's figure stands for."""
        if channel not in self.r95_channels:
            return accuracy_m
        return accuracy_m * sigma_from_r95(1.0) / sigma_from_r68(1.0)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A place (a point, or a GeoJSON footprint), a matter and the day of the act.

    ``x``, ``y``: longitude and latitude in degrees, or easting and northing in metres, of ``datum``.
    ``accuracy_m``: 68 % radius of the position, metres (95 % where the channel means that). ``as_of``: None
    means today. ``channel``: the door that it came by.
    """

    category: str
    x: float | None = None
    y: float | None = None
    datum: str = "cgcs2000"
    accuracy_m: float = 0.0
    footprint: Mapping[str, Any] | None = None
    as_of: dt.date | None = None
    channel: str = "api"

    def day(self) -> dt.date:
        """The day that is asked for; a future one is refused."""
        now = today()
        if self.as_of is not None and self.as_of > now:
            raise BadInput(
                N_("{as_of} is in the future."),
                field="as_of",
                hint=N_("Give today ({today}) or an earlier day."),
                as_of=self.as_of,
                today=now,
            )
        return self.as_of or now

    def location(self, limits: Limits) -> Location:
        """The place in CGCS2000, checked."""
        if self.footprint is not None:
            if self.x is not None or self.y is not None:
                raise BadInput(
                    N_("Both a point and a footprint are given."),
                    field="footprint",
                    hint=N_("Give either lon and lat, or a footprint."),
                )
            return limits.checked(
                Location.from_footprint(
                    self.footprint,
                    self.datum,
                    max_vertices=limits.max_vertices,
                    accuracy_m=limits.r68(self.accuracy_m, self.channel),
                    max_accuracy_m=limits.max_accuracy_m,
                )
            )
        return self._point(limits)

    def _point(self, limits: Limits) -> Location:
        for field, value in (("lon", self.x), ("lat", self.y)):
            if value is None:
                raise BadInput(
                    N_("No place is given."), field=field, hint=N_("Give either lon and lat, or a footprint.")
                )
        return Location.from_point(
            self.x or 0.0,
            self.y or 0.0,
            self.datum,
            limits.r68(self.accuracy_m, self.channel),
            max_accuracy_m=limits.max_accuracy_m,
        )


def answer(session: Session, inquiry: Inquiry, limits: Limits, asked_on: dt.date | None = None) -> Verdict:
    """The verdict on an inquiry as of today (or of ``asked_on``); nothing is stored."""
    return judge_inquiry(session, inquiry, limits, asked_on).verdict


def judge_inquiry(
    session: Session, inquiry: Inquiry, limits: Limits, asked_on: dt.date | None = None
) -> Judgement:
    """The same with the dataset versions that it could see."""
    now = asked_on or today()
    case = Case(inquiry.category, inquiry.day(), now)
    return judge(session, inquiry.location(limits), case, limits=limits.shares)


def locate(session: Session, inquiry: Inquiry, limits: Limits) -> tuple[Location, Jurisdiction]:
    """Whose ground a place is on a day, whatever the matter."""
    day = inquiry.day()
    location = inquiry.location(limits)
    facts = fetch_facts(session, location, day)
    check_day(facts.sources, day)
    return location, decide(location, facts, limits.shares)[0]
