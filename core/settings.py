"""Settings from the environment (``ZHIJIE_…``). Built by whoever starts the program, never at import."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

# The project folder: data, and the private cluster by default, are in it.
ROOT = Path(__file__).resolve().parent.parent
CHANNEL_ACCURACIES = "phone=15,drone_rtk=1,drone=5,map=20,field=20,file=10,api=15,cli=15"


class Settings(BaseSettings):
    """Everything that may differ between two installations."""

    model_config = SettingsConfigDict(env_prefix="ZHIJIE_", extra="ignore", frozen=True)

    database_url: str | None = Field(
        None,
        description="an existing PostGIS, `postgresql://user:password@host/database`; unset: a private "
        "cluster",
    )
    app_database_url: str | None = Field(
        None,
        description="the same database for the server, as a role made by "
        "`CREATE ROLE … LOGIN IN ROLE zhijie_app`; unset: the private cluster's",
    )
    home: Path | None = Field(
        None,
        description="folder of the private cluster; unset: `.zhijie` in the project, for root a folder in "
        "`/var/lib/zhijie`",
    )
    pg_user: str = Field(
        "postgres",
        description="account that runs the private PostgreSQL where the program is started by root",
    )
    engine: Literal["cells", "postgis"] = Field(
        "cells", description="what answers checks: `cells`, the index in memory, or `postgis` alone"
    )
    cache_dir: Path | None = Field(
        None, description="folder of the index files; unset: `cache` in `ZHIJIE_HOME`"
    )
    data_dir: Path = Field(ROOT / "data", description="folder of the reference data")
    lang: Literal["zh", "en"] = Field(
        "zh",
        description="language of the command line, and of pages where the browser names none: `zh` or `en`",
    )
    host: str = Field("127.0.0.1", description="address that `zhijie serve` listens on")
    port: int = Field(8000, description="port that `zhijie serve` listens on")
    workers: int = Field(1, description="processes of `zhijie serve`", ge=1, le=64)
    pool_size: int = Field(
        8, description="database connections, and as many worker threads, of one process", ge=1
    )
    statement_timeout_ms: int = Field(15_000, description="longest database statement of a request, ms", ge=1)
    max_body_bytes: int = Field(
        2_000_000,
        description="largest body but of batches and evidence, bytes; most endpoints take less (access.md)",
        ge=1,
    )
    max_batch_bytes: int = Field(
        256_000_000, description="largest body of `POST /api/check/batch`, bytes", ge=1
    )
    max_batch_rows: int = Field(1_000_000, description="most places in one `POST /api/check/batch`", ge=1)
    evidence_url: str | None = Field(
        None,
        description="where evidence is kept: a folder, or an fsspec URL such as `s3://bucket/folder`; "
        "unset: `evidence` in `ZHIJIE_HOME`",
    )
    max_evidence_bytes: int = Field(4_000_000_000, description="largest evidence file, bytes", ge=1)
    tile_cache_bytes: int = Field(
        64_000_000, description="memory of one process for rendered map tiles, bytes; 0 keeps none", ge=0
    )
    session_hours: float = Field(12, description="how long a session lasts, hours", gt=0, le=720)
    cookie_secure: bool = Field(True, description="send cookies over HTTPS only (and to the machine itself)")
    trusted_proxies: str = Field(
        "",
        description="addresses of proxies, by commas, whose `X-Forwarded-For` and `-Proto` are believed",
    )
    check_rate: str = Field(
        "600/second", description="most requests of one account; each process counts its own"
    )
    anonymous_rate: str = Field(
        "20/second", description="most requests of one address that shows no credential"
    )
    sign_in_rate: str = Field("20/minute", description="most attempts to sign in from one address")
    oidc_issuer: str | None = Field(
        None, description="OpenID Connect provider to sign in with; unset: passwords only"
    )
    oidc_client_id: str | None = Field(None, description="the installation's client id at the provider")
    oidc_client_secret: str | None = Field(None, description="the client secret shared with the provider")
    max_vertices: int = Field(10_000, description="most vertices of one footprint", ge=4)
    max_extent_m: float = Field(50_000, description="longest side of a footprint's box, metres", gt=0)
    max_accuracy_m: float = Field(50_000, description="largest position accuracy accepted, metres", gt=0)
    r95_channels: str = Field(
        "", description="channels, comma separated, whose position accuracy is a 95 % radius instead of 68 %"
    )
    channel_accuracies: str = Field(
        CHANNEL_ACCURACIES,
        description="position error (68 % radius, metres) assumed where a report of the channel states none, "
        "`channel=metres`, comma separated; a channel that is not listed gets the largest of them. The "
        "verdict says that it was assumed; an accuracy of 0 that is stated stays 0",
    )
    certain_share: float = Field(
        0.995, description="share of probability from which a unit or a zone is certain", gt=0, le=1
    )
    disputed_share: float = Field(
        0.60, description="share under which no unit leads: the place is disputed", gt=0, le=1
    )
    possible_share: float = Field(
        0.005,
        description="share from which a zone that does not cover the point is a possible conflict",
        gt=0,
        le=1,
    )
    urgent_zones: str = Field(
        "nature_reserve:core,permanent_farmland,water_source:level1",
        description="zone kinds, or `kind:grade`, comma separated; a report prohibited in one is urgent",
    )
    tianditu_key: str | None = Field(
        None, description="key of the 天地图 base map; unset: the map asks no other host"
    )
