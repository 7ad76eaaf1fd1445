"""Alerts: what failed is told once, to the log and to a real web server; what did not get through is sent again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from retail_assets.assets.platform import Platform
from retail_assets.automation import webhook
from retail_assets.automation.alerts import failure_alerts
from retail_assets.automation.webhook import NotDelivered
from retail_assets.settings import Settings
from retail_assets_tests.automation.following import Following
from retail_assets_tests.building import land
from retail_assets_tests.end_to_end.running import Runner, days, land_days, runner
from retail_assets_tests.servers.answering import QuietHandler, serving

DATES = days("2019-10-01", 3)


@dataclass
class Receiver:
    """A web server that keeps what is posted to it; ``answers`` are the next status codes, then 200."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            body = json.loads(self.received())
            code = found.answers.pop(0) if found.answers else 200
            if code == 200:
                found.messages.append(body)
            self.answer(status=code)

    with serving(Handler) as address:
        found.url = f"{address}/hooks/s3cret"
        yield found


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Runner]:
    with runner(tmp_path) as made:
        yield made


@dataclass
class Ticking:
    """The alert sensor, tick after tick."""

    instance: dg.DagsterInstance
    settings: Settings
    cursor: str | None = None

    def tick(self) -> str | None:
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        found = failure_alerts(self.settings).evaluate_tick(context)
        self.cursor = found.cursor
        return found.skip_message


def ticking(run: Runner, receiver: Receiver) -> Ticking:
    chosen = run.platform.settings.model_copy(update={"alert_webhook": SecretStr(receiver.url)})
    return Ticking(run.instance, chosen)


def test_failed_runs_and_checks_are_told_once(run: Runner, receiver: Receiver) -> None:
    alerts = ticking(run, receiver)
    assert alerts.tick() == "nothing has failed"
    land_days(run.platform, DATES, bad=[DATES[1]])
    following = Following(run)
    following.follow()
    alerts.tick()
    assert alerts.tick() == "nothing has failed"
    (message,) = receiver.messages
    failed = [alert for alert in message["alerts"] if alert["kind"] == "run"]
    assert len(failed) == 1
    assert "clean_events" in failed[0]["about"]
    assert "2019-10-02: rejected_share: too_many_rejected" in failed[0]["detail"]
    checks = {(alert["about"], alert["severity"]) for alert in message["alerts"] if alert["kind"] == "check"}
    assert ("clean_events.rejected_share", "ERROR") in checks
    assert "ERROR: run failed:" in message["text"]


def test_blocked_files_are_told(run: Runner, receiver: Receiver) -> None:
    alerts = ticking(run, receiver)
    alerts.tick()
    land(run.platform, "bad.csv", "name,age\nAda,36\n")
    Following(run).tick("new_files")
    alerts.tick()
    (alert,) = receiver.messages[0]["alerts"]
    assert (alert["about"], alert["severity"]) == ("landed_files.blocked_files", "ERROR")
    assert "header_mismatch: bad.csv" in alert["detail"]


def test_the_past_is_not_told(run: Runner, receiver: Receiver) -> None:
    land_days(run.platform, DATES, bad=DATES)
    Following(run).follow()
    alerts = ticking(run, receiver)
    assert (alerts.tick(), alerts.tick(), receiver.messages) == ("nothing has failed", "nothing has failed", [])


def test_what_did_not_get_through_is_sent_again_without_naming_the_address(
    run: Runner, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "PAUSE_SECONDS", 0.0)
    alerts = ticking(run, receiver)
    alerts.tick()
    land(run.platform, "bad.csv", "name,age\nAda,36\n")
    Following(run).tick("new_files")
    receiver.answers = [503] * webhook.ATTEMPTS
    with pytest.raises(Exception, match="HTTP 503, 3 attempts") as refused:
        alerts.tick()
    assert isinstance(refused.value.__cause__ or refused.value, NotDelivered)
    assert "s3cret" not in repr(refused.value) + str(refused.value.__cause__)
    receiver.answers = [503]
    alerts.tick()
    assert len(receiver.messages) == 1


def test_an_address_that_nobody_listens_at_is_not_named_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSE_SECONDS", 0.0)
    with pytest.raises(NotDelivered, match="ConnectionError, 3 attempts") as refused:
        webhook.post(SecretStr("http://127.0.0.1:9/s3cret"), {"text": "hello"})
    assert refused.value.__cause__ is None


def test_without_a_webhook_the_sensor_is_off_and_only_writes_to_its_log(platform: Platform) -> None:
    assert failure_alerts(platform.settings).default_status is dg.DefaultSensorStatus.STOPPED
    told = platform.settings.model_copy(update={"alert_webhook": SecretStr("http://127.0.0.1:9/s3cret")})
    assert failure_alerts(told).default_status is dg.DefaultSensorStatus.RUNNING
    assert "s3cret" not in repr(told)
