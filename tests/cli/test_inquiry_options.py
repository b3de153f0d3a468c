"""One option set for the local and the remote commands: the same options, checks and words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.check import make_inquiry
from cli.inquiry_options import InquiryOptions
from cli.main import app
from cli.remote import request_body
from core.errors import BadInput, ZhijieError

PLACE = ("--category", "livestock_farm", "--lon", "112.395", "--lat", "35.625")
AT_A_SERVER = {"server", "api_key"}
Sent = list[tuple[str, dict[str, Any]]]


def options(*path: str) -> dict[str, tuple[Any, ...]]:
    """Name → help, default, required, spelling of a command's options."""
    command: Any = get_command(app)
    for name in path:
        command = command.load(name) if hasattr(command, "load") else command.commands[name]
    return {one.name: (one.help, one.default, one.required, one.opts) for one in command.params}


@pytest.mark.parametrize("name", ["check", "report"])
def test_a_remote_command_has_the_local_options_and_the_server(name: str) -> None:
    local, remote = options(name), options("remote", name)
    assert {key: value for key, value in remote.items() if key not in AT_A_SERVER} == local
    assert remote.keys() - local.keys() == AT_A_SERVER


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """The requests that were sent to a server that answers with a verdict."""
    requests: Sent = []

    def post(url: str, json: dict[str, Any], headers: dict[str, str], timeout: float) -> httpx.Response:
        requests.append((url, json))
        return httpx.Response(200, json={"verdict": {"effect": "clear"}, "id": 1})

    monkeypatch.setattr(httpx, "post", post)
    return requests


def remote(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["remote", *arguments, "--server", "https://example.org/"])


def test_conditions_are_stated_as_yes_or_no(sent: Sent) -> None:
    told = ("--stated", "provincial_scale=no", "--stated", "obstructs_flow=yes")
    assert remote("check", *PLACE, *told, "--json").exit_code == 0
    answers = {"provincial_scale": False, "obstructs_flow": True}
    assert sent[-1][1]["stated"] == answers
    asked = InquiryOptions("livestock_farm", 112.395, 35.625, stated=[*told[1::2]])
    assert make_inquiry(asked).stated == answers
    refused = remote("check", *PLACE, "--stated", "provincial_scale=maybe")
    assert isinstance(refused.exception, BadInput), refused.output
    assert refused.exception.field == "stated"


def test_the_body_of_a_request_says_what_the_inquiry_says(sent: Sent) -> None:
    done = remote("check", *PLACE, "--as-of", "2022-08-21", "--json")
    assert done.exit_code == 0, done.output
    ((url, body),) = sent
    asked = InquiryOptions("livestock_farm", 112.395, 35.625, as_of="2022-08-21")
    local = make_inquiry(asked)
    assert (url, body) == ("https://example.org/api/check", request_body(asked))
    assert (body["lon"], body["lat"], body["datum"]) == (local.x, local.y, local.datum)
    assert (body.get("accuracy_m"), body["channel"]) == (local.accuracy_m, local.channel) == (None, "cli")
    assert dt.date.fromisoformat(body["as_of"]) == local.as_of
    assert "footprint" not in body


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--as-of", "21.8.2022"), "as_of"),
        (("--lon", "nan"), "lon"),
        (("--lat", "inf"), "lat"),
        (("--accuracy", "nan"), "accuracy_m"),
        (("--footprint", "no-such.geojson"), "footprint"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_it_is(
    sent: Sent, arguments: tuple[str, ...], field: str
) -> None:
    done = remote("check", *PLACE, *arguments)
    assert isinstance(done.exception, BadInput), done.output
    assert (done.exception.field, sent) == (field, [])


def test_an_idempotency_key_that_http_cannot_carry_is_refused(sent: Sent) -> None:
    done = remote("report", *PLACE, "--key", "举报一")
    assert isinstance(done.exception, ZhijieError), done.output
    assert (done.exception.field, sent) == ("key", [])


@pytest.mark.parametrize("content", ["[1, 2]", "{", "\ufeff[]"])
def test_a_footprint_file_without_an_object_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "site.geojson"
    path.write_text(content, encoding="utf-8")
    asked = InquiryOptions("other", footprint=path)
    callers: tuple[Callable[[InquiryOptions], object], ...] = (make_inquiry, request_body)
    for use in callers:
        with pytest.raises(BadInput, match="GeoJSON") as refused:
            use(asked)
        assert refused.value.field == "footprint"
