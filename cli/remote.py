"""`zhijie remote …`: the same put to a server, with an API key, from a machine without the database."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.check import Accuracy, AsJson, AsOf, Category, Datum, FootprintFile, Lat, Lon, make_inquiry
from cli.common import print_filed, print_verdict
from core.errors import BadInput, Forbidden, NotFound, NotSignedIn, StoreUnavailable, TooLarge, ZhijieError
from core.i18n import N_, Lang
from core.settings import Settings
from verdict.inquiry import Inquiry

app = typer.Typer(help="Ask a server, with an API key.", no_args_is_help=True)
Server = Annotated[str, typer.Option(envvar="ZHIJIE_SERVER", help="Base address, https://…")]
Key = Annotated[str, typer.Option("--api-key", envvar="ZHIJIE_KEY", help="API key; better in ZHIJIE_KEY")]
FAULTS: dict[int, type[ZhijieError]] = {
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    413: TooLarge,
    422: BadInput,
    503: StoreUnavailable,
}
WAIT_S = 60.0


@app.command()
def check(  # noqa: PLR0913 - one parameter an option
    category: Category,
    server: Server,
    api_key: Key = "",
    lon: Lon = None,
    lat: Lat = None,
    datum: Datum = "cgcs2000",
    accuracy: Accuracy = 0.0,
    footprint: FootprintFile = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Whose ground is this, and may that stand on it? The server answers."""
    settings = Settings()
    asked = _body(make_inquiry(category, lon, lat, datum, accuracy, footprint, as_of))
    told = _ask(server, api_key, "/api/check", settings.lang, asked)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    print_verdict(told["verdict"], settings.lang)


@app.command()
def report(  # noqa: PLR0913 - one parameter an option
    category: Category,
    server: Server,
    api_key: Key = "",
    lon: Lon = None,
    lat: Lat = None,
    datum: Datum = "cgcs2000",
    accuracy: Accuracy = 0.0,
    footprint: FootprintFile = None,
    as_of: AsOf = None,
    description: Annotated[str, typer.Option(help="What was seen, in words")] = "",
    key: Annotated[str | None, typer.Option(help="Idempotency key; the same key never files twice")] = None,
    as_json: AsJson = False,
) -> None:
    """File a report at the server."""
    settings = Settings()
    inquiry = make_inquiry(category, lon, lat, datum, accuracy, footprint, as_of)
    asked = _body(inquiry) | {"description": description}
    extra = {"Idempotency-Key": key or uuid.uuid4().hex}
    told = _ask(server, api_key, "/api/reports", settings.lang, asked, extra)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    print_filed(told["id"], told["created"], settings.lang)
    print_verdict(told["verdict"], settings.lang)


@app.command()
def export(
    server: Server,
    api_key: Key = "",
    form: Annotated[str, typer.Option(help="csv or geojson")] = "csv",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; else standard output")] = None,
) -> None:
    """Take the reports of the own area as a file."""
    import httpx2 as httpx  # noqa: PLC0415 - a tenth of a second that no other command shall wait for

    try:
        with httpx.stream(
            "GET",
            f"{server.rstrip('/')}/api/reports/export",
            params={"form": form},
            headers=_headers(api_key, Settings().lang),
            timeout=WAIT_S,
        ) as answer:
            if not answer.is_success:
                answer.read()
                raise _fault(answer.status_code, answer.text)
            _write(answer, output)
    except httpx.HTTPError as fault:
        raise _silent(server, fault) from fault


def _write(answer: Any, output: Path | None) -> None:  # noqa: ANN401 - imported late
    """The file appears whole or not at all."""
    if output is None:
        for piece in answer.iter_text():
            sys.stdout.write(piece)
        return
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as file:
            for piece in answer.iter_bytes():
                file.write(piece)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _body(inquiry: Inquiry) -> dict[str, Any]:
    """An inquiry as the doors take it."""
    given = {
        "category": inquiry.category,
        "lon": inquiry.x,
        "lat": inquiry.y,
        "datum": inquiry.datum,
        "accuracy_m": inquiry.accuracy_m,
        "footprint": inquiry.footprint,
        "as_of": inquiry.as_of and inquiry.as_of.isoformat(),
        "channel": inquiry.channel,
    }
    return {name: value for name, value in given.items() if value is not None}


def _headers(api_key: str, lang: Lang) -> dict[str, str]:
    shown = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    return {"Accept-Language": lang, **shown}


def _ask(  # noqa: PLR0913 - what a request is
    server: str,
    api_key: str,
    path: str,
    lang: Lang,
    body: dict[str, Any],
    extra: dict[str, str] | None = None,
) -> dict[str, Any]:
    """POST, and give the answer; a refusal becomes the error that the server met."""
    import httpx2 as httpx  # noqa: PLC0415

    headers = _headers(api_key, lang) | (extra or {})
    try:
        answer = httpx.post(f"{server.rstrip('/')}{path}", json=body, headers=headers, timeout=WAIT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise _silent(server, fault) from fault
    if not answer.is_success:
        raise _fault(answer.status_code, answer.text)
    told: dict[str, Any] = answer.json()
    return told | {"created": answer.status_code == 201}


def _fault(status: int, text: str) -> ZhijieError:
    try:
        problem = json.loads(text)
        detail, field, hint = problem["detail"], problem.get("field", ""), problem.get("hint", "")
    except (ValueError, TypeError, KeyError):
        detail, field, hint = f"HTTP {status}", "", ""
    return FAULTS.get(status, ZhijieError)("{detail}", field=field, hint="{words}", detail=detail, words=hint)


def _silent(server: str, fault: Exception) -> StoreUnavailable:
    return StoreUnavailable(
        N_("{server} does not answer: {fault}"),
        field="server",
        hint=N_("Check the address in ZHIJIE_SERVER and whether the server runs."),
        server=server,
        fault=fault,
    )
