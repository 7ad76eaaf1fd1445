"""Whether sensors and schedules are on from the start: a setting says so. Each may be switched in the UI."""

from __future__ import annotations

import dagster as dg

from retail_assets.settings import Settings


def sensor_status(settings: Settings) -> dg.DefaultSensorStatus:
    """That of a sensor."""
    return dg.DefaultSensorStatus.RUNNING if settings.sensors else dg.DefaultSensorStatus.STOPPED


def schedule_status(settings: Settings) -> dg.DefaultScheduleStatus:
    """That of a schedule."""
    return dg.DefaultScheduleStatus.RUNNING if settings.sensors else dg.DefaultScheduleStatus.STOPPED
