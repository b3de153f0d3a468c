"""The inquiry: place, category and day, as one frozen value; and the verdict on it, without storing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from core.clock import today
from core.errors import BadInput, TooLarge
from core.i18n import N_
from core.settings import CHANNEL_ACCURACIES, Settings
from facts import fetch_facts
from geo import Location
from geo.measure import Plane, sigma_from_r68, sigma_from_r95
from verdict.channels import Accuracies, default_accuracy_m, parse_accuracies
from verdict.judgement import Case, Judgement, judge
from verdict.jurisdiction import decide
from verdict.model import Jurisdiction, Verdict
from verdict.preconditions import check_day
from verdict.thresholds import DEFAULT, Thresholds


def _split_names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of an installation: the largest inputs accepted, and the thresholds of certainty.

    ``r95_channels``: channels whose accuracy is a 95 % radius. ``urgent_zones``: kinds
    of zones, or kind:grade. ``accuracies``: the 68 % radius assumed of a channel where none is stated.
    """

    max_accuracy_m: float
    max_vertices: int
    max_extent_m: float = 50_000.0
    shares: Thresholds = DEFAULT
    r95_channels: frozenset[str] = frozenset()
    urgent_zones: frozenset[str] = frozenset()
    accuracies: Accuracies = parse_accuracies(CHANNEL_ACCURACIES)

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that the settings state. Raises BadInput where those of channels cannot be read."""
        shares = Thresholds(settings.certain_share, settings.disputed_share, settings.possible_share)
        channels, urgent = _split_names(settings.r95_channels), _split_names(settings.urgent_zones)
        most = (settings.max_accuracy_m, settings.max_vertices, settings.max_extent_m)
        return cls(*most, shares, channels, urgent, parse_accuracies(settings.channel_accuracies))

    def check_extent(self, location: Location) -> Location:
        """The location itself. Raises TooLarge for a footprint wider or higher than ``max_extent_m``.

        Larger than any site, it would take the database minutes, and the answer would mean nothing.
        """
        if location.footprint is None:
            return location
        west, south, east, north = location.footprint.bounds
        # a plane at the place is wrong by half a per cent at 50 km, good enough for a limit
        plane = Plane(location.lon, location.lat)
        extent = max((east - west) * plane.kx, (north - south) * plane.ky)
        if extent > self.max_extent_m:
            raise TooLarge(
                N_("The footprint is {extent} km across; the limit is {most} km."),
                field="footprint",
                hint=N_("Send the site itself, or parts of it."),
                extent=f"{extent / 1000:.0f}",
                most=f"{self.max_extent_m / 1000:g}",
            )
        return location

    def radius_m(self, accuracy_m: float | None, channel: str) -> float:
        """68 % radius, metres, of what a channel states; its default where it states nothing."""
        if accuracy_m is None:
            return default_accuracy_m(self.accuracies, channel)
        return self.r68(accuracy_m, channel)

    def r68(self, accuracy_m: float, channel: str) -> float:
        """68 % radius, metres, of an accuracy that a channel states; a 95 % radius is converted."""
        if channel not in self.r95_channels:
            return accuracy_m
        # through σ of a circular normal error: r95 = 2.45 σ, r68 = 1.51 σ
        return accuracy_m * sigma_from_r95(1.0) / sigma_from_r68(1.0)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A place (a point or a GeoJSON footprint), a category, and the day of the act.

    ``x``, ``y``: longitude and latitude in degrees, or easting and northing in metres, of ``datum``.
    ``accuracy_m``: 68 % radius of the position, metres (95 % for ``Limits.r95_channels``); None: not stated,
    so that the channel's default is assumed, and said in the verdict. ``as_of``: None means today.
    ``channel``: where it came from, such as "api". ``stated``: conditions of rules that were answered,
    by code, with whether each is met.
    """

    category: str
    x: float | None = None
    y: float | None = None
    datum: str = "cgcs2000"
    accuracy_m: float | None = None
    footprint: Mapping[str, Any] | None = None
    as_of: dt.date | None = None
    channel: str = "api"
    stated: Mapping[str, bool] | None = None

    def case(self, asked_on: dt.date) -> Case:
        """What the place is judged for. Raises BadInput for a day in the future."""
        return Case(self.category, self.day(), asked_on, tuple(sorted((self.stated or {}).items())))

    def day(self) -> dt.date:
        """Day of the act, by default today. Raises BadInput for a day in the future."""
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
        """The place in CGCS2000. Raises BadInput or TooLarge for a place that cannot be used."""
        place = self._point(limits) if self.footprint is None else self._area(self.footprint, limits)
        return place if self.accuracy_m is not None else replace(place, assumed_from=self.channel)

    def _area(self, footprint: Mapping[str, Any], limits: Limits) -> Location:
        if self.x is not None or self.y is not None:
            raise BadInput(
                N_("Both a point and a footprint are given."),
                field="footprint",
                hint=N_("Give either lon and lat, or a footprint."),
            )
        return limits.check_extent(
            Location.from_footprint(
                footprint,
                self.datum,
                max_vertices=limits.max_vertices,
                accuracy_m=limits.radius_m(self.accuracy_m, self.channel),
                max_accuracy_m=limits.max_accuracy_m,
            )
        )

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
            limits.radius_m(self.accuracy_m, self.channel),
            max_accuracy_m=limits.max_accuracy_m,
        )


def answer(session: Session, inquiry: Inquiry, limits: Limits, asked_on: dt.date | None = None) -> Verdict:
    """The verdict on an inquiry, answered today or on ``asked_on``. Stores nothing.

    Raises what :meth:`Inquiry.day`, :meth:`Inquiry.location` and :func:`verdict.judgement.judge` raise.
    """
    return judge_inquiry(session, inquiry, limits, asked_on).verdict


def judge_inquiry(
    session: Session, inquiry: Inquiry, limits: Limits, asked_on: dt.date | None = None
) -> Judgement:
    """The verdict on an inquiry as :func:`answer` gives it, with the dataset versions in use."""
    now = asked_on or today()
    return judge(session, inquiry.location(limits), inquiry.case(now), limits=limits.shares)


def locate(session: Session, inquiry: Inquiry, limits: Limits) -> tuple[Location, Jurisdiction]:
    """The place of an inquiry and its jurisdiction; the category is not looked at."""
    day = inquiry.day()
    location = inquiry.location(limits)
    facts = fetch_facts(session, location, day)
    check_day(facts.sources, day)
    return location, decide(location, facts, limits.shares)[0]
