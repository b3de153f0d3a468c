"""`zhijie remote …`: check, report and export at a server, with an API key and without a database."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import httpx2 as httpx
import typer

from cli.inquiry_options import CHANNEL, AsJson, FilingOptions, InquiryOptions
from cli.options import Trace, with_option_sets
from cli.output_file import whole_file
from cli.verdict_output import print_filed, print_verdict
from core.errors import BadInput, Forbidden, NotFound, NotSignedIn, StoreUnavailable, TooLarge, ZhijieError
from core.i18n import N_, Lang
from core.settings import Settings
from geo.datum import check_finite

app = typer.Typer(no_args_is_help=True)
FAULTS: Final[dict[int, type[ZhijieError]]] = {
    401: NotSignedIn,
    403: Forbidden,
    404: NotFound,
    413: TooLarge,
    422: BadInput,
    503: StoreUnavailable,
}
WAIT_S: Final = 60.0  # longer than the longest statement of a server, so that its own error arrives


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The server and the credential of a request."""

    server: Annotated[str, typer.Option(envvar="ZHIJIE_SERVER", help="Base address, https://…")]
    api_key: Annotated[
        str, typer.Option("--api-key", envvar="ZHIJIE_KEY", help="API key; safer in the environment")
    ] = ""

    def url(self, path: str) -> str:
        """The address of an endpoint."""
        return f"{self.server.rstrip('/')}{path}"

    def headers(self, lang: Lang) -> dict[str, str]:
        """The headers that name the language and the credential."""
        credential = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return {"Accept-Language": lang, **credential}

    def silent(self, fault: Exception) -> StoreUnavailable:
        """The error for a server that does not answer."""
        return StoreUnavailable(
            N_("{server} does not answer: {fault}"),
            field="server",
            hint=N_("Check the address in ZHIJIE_SERVER and whether the server runs."),
            server=self.server,
            fault=fault,
        )


@app.command()
@with_option_sets
def check(asked: InquiryOptions, at: ServerOptions, as_json: AsJson = False, trace: Trace = False) -> None:
    """Whose ground is this, and may that stand on it? The server answers."""
    settings = Settings()
    answer = _post(at, "/api/check", settings.lang, request_body(asked))
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    print_verdict(answer["verdict"], settings.lang, trace=trace)


@app.command()
@with_option_sets
def report(asked: InquiryOptions, filing: FilingOptions, at: ServerOptions, as_json: AsJson = False) -> None:
    """File a report at the server."""
    settings = Settings()
    body = request_body(asked) | {"description": filing.description}
    extra = {"Idempotency-Key": _header_text(filing.idempotency_key())}
    answer = _post(at, "/api/reports", settings.lang, body, extra)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    print_filed(answer["id"], answer["created"], settings.lang)
    print_verdict(answer["verdict"], settings.lang)


@app.command()
@with_option_sets
def export(
    at: ServerOptions,
    form: Annotated[str, typer.Option(help="csv or geojson")] = "csv",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; else standard output")] = None,
) -> None:
    """Download the reports of the account's own area as a file."""
    try:
        with httpx.stream(
            "GET",
            at.url("/api/reports/export"),
            params={"form": form},
            headers=at.headers(Settings().lang),
            timeout=WAIT_S,
        ) as answer:
            if not answer.is_success:
                answer.read()
                raise _fault(answer.status_code, answer.text)
            _write(answer, output)
    except httpx.HTTPError as fault:
        raise at.silent(fault) from fault


def _write(answer: httpx.Response, output: Path | None) -> None:
    """Write the answer to standard output, or to a file that appears complete or not at all."""
    if output is None:
        for piece in answer.iter_text():
            sys.stdout.write(piece)
        return
    with whole_file(output, "wb") as file:
        file.writelines(answer.iter_bytes())


def request_body(asked: InquiryOptions) -> dict[str, Any]:
    """The options as the JSON body of a request; options left out are missing.

    Raises BadInput for what cannot be sent: a number that is not finite, a wrong date or footprint file.
    """
    _check_numbers(asked)
    day = asked.day()
    given = {
        "category": asked.category,
        "lon": asked.lon,
        "lat": asked.lat,
        "datum": asked.datum,
        "accuracy_m": asked.accuracy,
        "footprint": asked.shape(),
        "as_of": day and day.isoformat(),
        "channel": CHANNEL,
        "stated": asked.answers(),
    }
    return {name: value for name, value in given.items() if value is not None}


def _check_numbers(asked: InquiryOptions) -> None:
    """Refuse NaN and infinities with the messages of the local commands: JSON cannot carry them."""
    check_finite(asked.lon or 0.0, asked.lat or 0.0)
    if asked.accuracy is not None and not math.isfinite(asked.accuracy):
        raise BadInput(
            N_("The accuracy of {value} m is not a finite number."),
            field="accuracy_m",
            hint=N_("Give the accuracy in metres, as the device reports it."),
            value=asked.accuracy,
        )


def _header_text(key: str) -> str:
    """An idempotency key that HTTP can carry. Raises BadInput (field ``key``) for other than ASCII."""
    if not key.isascii():
        raise BadInput(N_("An idempotency key sent to a server may hold ASCII characters only."), field="key")
    return key


def _post(
    at: ServerOptions, path: str, lang: Lang, body: dict[str, Any], extra: dict[str, str] | None = None
) -> dict[str, Any]:
    """The JSON answer to a POST, with ``created``: status 201. Raises the error that the server returned."""
    # No retry here: a report may have been filed although its answer was lost. With ``--key`` the user can
    # repeat the command safely.
    headers = at.headers(lang) | (extra or {})
    try:
        answer = httpx.post(at.url(path), json=body, headers=headers, timeout=WAIT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise at.silent(fault) from fault
    if not answer.is_success:
        raise _fault(answer.status_code, answer.text)
    content: dict[str, Any] = answer.json()
    return content | {"created": answer.status_code == 201}


def _fault(status: int, text: str) -> ZhijieError:
    """The error that a problem document states; for any other body one that states the status."""
    try:
        problem = json.loads(text)
        detail, field, hint = problem["detail"], problem.get("field", ""), problem.get("hint", "")
    except (ValueError, TypeError, KeyError):
        detail, field, hint = f"HTTP {status}", "", ""
    return FAULTS.get(status, ZhijieError)("{detail}", field=field, hint="{words}", detail=detail, words=hint)
