"""Locations for the fictional reports: near township seats, on roads between them, in reserves.

The seats are those of ``data/boundaries/facts`` (CGCS2000); nothing has happened at any of these places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Final

from geo.measure import Plane

Point = tuple[float, float]
SITE: Final = ("寺头乡", 112.395, 35.625)  # of the report in demo/story.py: among the sample parcels
RESERVES: Final = (  # name, centre, standard deviation of the places around it (metres)
    ("崦山保护区", 112.41, 35.63, 1500),
    ("蟒河保护区", 112.46, 35.25, 1200),
    ("历山保护区", 112.03, 35.40, 2000),
    ("泽州猕猴保护区", 112.93, 35.34, 5000),
    ("红豆杉保护区", 113.45, 35.60, 3000),
)
HAMLET_M: Final = 350.0
TOWN_M: Final = 900.0
HILLS_M: Final = (1500.0, 4500.0)
ROADSIDE_M: Final = 30.0
TOWN_COUNTY: Final = "140502"
SEATS: Final = """
140502001 东街街道 112.8464 35.4951
140502002 西街街道 112.8181 35.4936
140502003 南街街道 112.8333 35.4919
140502004 北街街道 112.8413 35.5148
140502006 钟家庄街道 112.8505 35.4826
140502007 西上庄街道 112.8123 35.5185
140502009 开发区街道 112.885 35.47
140502100 北石店镇 112.8954 35.5478
140521100 龙港镇 112.1662 35.6835
140521101 中村镇 111.9844 35.565
140521102 郑庄镇 112.3883 35.7317
140521103 端氏镇 112.5119 35.6675
140521104 嘉峰镇 112.5306 35.6107
140521105 郑村镇 112.5749 35.6053
140521106 柿庄镇 112.7045 35.8776
140521201 土沃乡 112.109 35.5511
140521202 张村乡 112.1911 35.5796
140521204 胡底乡 112.6029 35.708
140521205 固县乡 112.596 35.7912
140521206 十里乡 112.5959 35.9315
140522100 凤城镇 112.4126 35.4842
140522101 北留镇 112.564 35.4733
140522102 润城镇 112.5217 35.4938
140522103 町店镇 112.4292 35.5506
140522104 芹池镇 112.3275 35.602
140522105 次营镇 112.2394 35.4979
140522106 横河镇 112.1516 35.361
140522107 河北镇 112.3563 35.4172
140522108 蟒河镇 112.4367 35.3811
140522109 东冶镇 112.4969 35.3644
140522110 演礼镇 112.3443 35.5052
140522111 白桑镇 112.4469 35.435
140522201 寺头乡 112.388 35.6216
140522202 西河乡 112.3698 35.5246
140522205 董封乡 112.2257 35.4756
140524100 崇文镇 113.2699 35.7758
140524101 礼义镇 113.1197 35.7988
140524102 附城镇 113.1494 35.6687
140524103 西河底镇 113.0867 35.6197
140524104 平城镇 113.3001 35.8396
140524105 杨村镇 113.1677 35.8553
140524106 潞城镇 113.2914 35.6873
140524204 夺火乡 113.2622 35.55
140524206 马圪当乡 113.437 35.5469
140524207 古郊乡 113.4942 35.7108
140524209 六泉乡 113.4594 35.7952
140525100 南村镇 112.7901 35.4643
140525101 下村镇 112.7359 35.647
140525102 大东沟镇 112.7022 35.5626
140525103 周村镇 112.6233 35.4757
140525104 犁川镇 112.7533 35.3768
140525105 晋庙铺镇 112.8405 35.333
140525106 金村镇 112.9161 35.5075
140525107 高都镇 112.9512 35.5979
140525108 巴公镇 112.8891 35.6193
140525109 大阳镇 112.7922 35.6648
140525110 山河镇 112.7681 35.3266
140525111 大箕镇 112.7984 35.401
140525112 柳树口镇 113.0878 35.4387
140525113 北义城镇 112.9505 35.6385
140525114 川底镇 112.6795 35.5274
140525115 南岭镇 112.683 35.3774
140581001 北城街道 112.9163 35.8052
140581002 东城街道 112.9287 35.8014
140581003 南城街道 112.922 35.785
140581101 米山镇 112.9641 35.7629
140581102 三甲镇 112.965 35.8477
140581103 神农镇 112.9717 35.8785
140581104 陈区镇 113.0344 35.8487
140581105 北诗镇 113.0734 35.7542
140581106 河西镇 112.9378 35.7162
140581107 马村镇 112.8144 35.7287
140581108 野川镇 112.8432 35.7929
140581109 寺庄镇 112.8644 35.864
140581201 建宁乡 113.1066 35.8403
140581202 石末乡 113.084 35.6917
140581203 原村乡 112.8098 35.763
"""


@dataclass(frozen=True, slots=True)
class Seat:
    """A township and the location of its government."""

    code: str
    name: str
    lon: float
    lat: float

    @property
    def county(self) -> str:
        """The code of its county."""
        return self.code[:6]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, and the name of its surroundings."""

    lon: float
    lat: float
    near: str


def seats() -> list[Seat]:
    """All townships of the city."""
    rows = (line.split() for line in SEATS.strip().splitlines())
    return [Seat(code, name, float(lon), float(lat)) for code, name, lon, lat in rows]


class Places:
    """Draws plausible places from a seeded generator, so that a run can be repeated."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._seats = seats()
        self._hamlets = {
            seat.code: [self._at_distance(seat, *HILLS_M) for _ in range(3)] for seat in self._seats
        }

    def seat(self, county: str) -> Seat:
        """A random township of a county."""
        return self._random.choice([seat for seat in self._seats if seat.county == county])

    def hamlet(self, county: str) -> Spot:
        """A place in or near a village."""
        seat = self.seat(county)
        home = self._random.choice([(seat.lon, seat.lat), *self._hamlets[seat.code]])
        return self._near(home, HAMLET_M, seat.name)

    def town(self, county: str) -> Spot:
        """A place in the built-up part of a town."""
        seat = self.seat(county)
        return self._near((seat.lon, seat.lat), TOWN_M, seat.name)

    def hills(self, county: str) -> Spot:
        """A place away from villages."""
        seat = self.seat(county)
        return Spot(*self._at_distance(seat, *HILLS_M), seat.name)

    def roadside(self, county: str) -> Spot:
        """A place on the way from a township's seat to the nearest other one of the county."""
        seat = self.seat(county)
        others = [one for one in self._seats if one.county == county and one.code != seat.code]
        other = min(others, key=lambda one: math.hypot(one.lon - seat.lon, one.lat - seat.lat))
        part = self._random.uniform(0.1, 0.5)
        on_road = (seat.lon + part * (other.lon - seat.lon), seat.lat + part * (other.lat - seat.lat))
        return self._near(on_road, ROADSIDE_M, seat.name)

    def reserve(self) -> Spot:
        """A place in or near a nature reserve."""
        name, lon, lat, spread = self._random.choice(RESERVES)
        return self._near((lon, lat), spread, name)

    def site(self) -> Spot:
        """A place among the sample parcels."""
        name, lon, lat = SITE
        return self._near((lon, lat), HAMLET_M, name)

    def _at_distance(self, seat: Seat, least_m: float, most_m: float) -> Point:
        """A point in a random direction from a seat, between two distances."""
        angle, distance = self._random.uniform(0, 2 * math.pi), self._random.uniform(least_m, most_m)
        return _offset((seat.lon, seat.lat), distance * math.cos(angle), distance * math.sin(angle))

    def _near(self, place: Point, spread_m: float, near: str) -> Spot:
        """A spot normally distributed around a place."""
        east, north = (self._random.gauss(0, spread_m) for _ in range(2))
        return Spot(*_offset(place, east, north), near)


def outline(spot: Spot, size_m: tuple[float, float], angle: float) -> dict[str, object]:
    """A rectangle around a place as GeoJSON: width and depth in metres, rotated by ``angle`` radians."""
    half = [side / 2 for side in size_m]
    corners = [(x * half[0], y * half[1]) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    cos, sin = math.cos(angle), math.sin(angle)
    ring = [_offset((spot.lon, spot.lat), x * cos - y * sin, x * sin + y * cos) for x, y in corners]
    return {"type": "Polygon", "coordinates": [[list(point) for point in ring]]}


def _offset(place: Point, east_m: float, north_m: float) -> Point:
    """A point some metres from another, rounded to a centimetre."""
    plane = Plane(*place)
    return round(place[0] + east_m / plane.kx, 7), round(place[1] + north_m / plane.ky, 7)
