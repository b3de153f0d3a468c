"""Settings from the environment (``ZHIJIE_…``). Built by whoever starts the program, never at import."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Everything that may differ between two installations."""

    model_config = SettingsConfigDict(env_prefix="ZHIJIE_", extra="ignore", frozen=True)

    database_url: str | None = Field(
        None, description="URL of an existing PostGIS; unset: the private cluster is used"
    )
    app_database_url: str | None = Field(
        None, description="URL of the same database for the server, as a member of the role zhijie_app"
    )
    home: Path | None = Field(
        None, description="folder of the private PostGIS cluster; unset: chosen by `store.cluster.cluster`"
    )
    pg_user: str = Field("postgres", description="account that runs the private PostGIS where we are root")
    engine: Literal["cells", "postgis"] = Field(
        "cells", description="what answers checks: the index in memory, or PostGIS alone"
    )
    cache_dir: Path | None = Field(None, description="folder of the index files; unset: in the private home")
    data_dir: Path = Field(ROOT / "data", description="folder of the reference data")
    lang: Literal["zh", "en"] = Field("zh", description="language of the command line and default of pages")
    host: str = Field("127.0.0.1", description="address that `zhijie serve` listens on")
    port: int = Field(8000, description="port that `zhijie serve` listens on")
    workers: int = Field(1, description="processes of `zhijie serve`", ge=1, le=64)
    pool_size: int = Field(8, description="database connections, and worker threads, of one process", ge=1)
    statement_timeout_ms: int = Field(15_000, description="longest database statement of a request, ms", ge=1)
    max_body_bytes: int = Field(2_000_000, description="largest request body, bytes", ge=1)
    max_batch_bytes: int = Field(
        256_000_000, description="largest body of a batch of places to check, bytes", ge=1
    )
    max_batch_rows: int = Field(1_000_000, description="most places of one batch to check", ge=1)
    evidence_url: str | None = Field(
        None, description="where evidence is kept: a folder or an fsspec URL such as s3://bucket/folder"
    )
    max_evidence_bytes: int = Field(4_000_000_000, description="largest evidence file, bytes", ge=1)
    tile_cache_bytes: int = Field(64_000_000, description="memory for kept map tiles, bytes; 0: none", ge=0)
    session_hours: float = Field(12, description="how long who signed in stays so, hours", gt=0, le=720)
    cookie_secure: bool = Field(True, description="cookies over HTTPS and the own machine only")
    check_rate: str = Field("600/second", description="most requests of one account or key")
    anonymous_rate: str = Field("20/second", description="most requests of one address without an account")
    sign_in_rate: str = Field("20/minute", description="most tries to sign in from one address")
    oidc_issuer: str | None = Field(None, description="OpenID Connect provider; unset: passwords only")
    oidc_client_id: str | None = Field(None, description="what the provider calls this installation")
    oidc_client_secret: str | None = Field(None, description="shared with the provider")
    max_vertices: int = Field(10_000, description="most vertices of one footprint", ge=4)
    max_extent_m: float = Field(50_000, description="longest side of a footprint's box, metres", gt=0)
    max_accuracy_m: float = Field(50_000, description="largest position accuracy that is taken, metres", gt=0)
    r95_channels: str = Field(
        "", description="channels, comma separated, whose position accuracy is a 95 % radius instead of 68 %"
    )
    certain_share: float = Field(0.995, description="share from which a unit or zone is certain", gt=0, le=1)
    disputed_share: float = Field(0.60, description="share under which no unit leads: disputed", gt=0, le=1)
    possible_share: float = Field(
        0.005, description="share from which a zone that does not cover the point is possible", gt=0, le=1
    )
    urgent_zones: str = Field(
        "nature_reserve:core,permanent_farmland,water_source:level1",
        description="kinds of zones, or kind:grade, comma separated: what is prohibited in one is urgent",
    )
    tianditu_key: str | None = Field(None, description="天地图 key; unset: no outside base map")
