"""What the bottom bar is told of the runs."""

from collections.abc import Callable

from distill_gui.models import Models
from distill_gui.run_status import status_of
from engine.store import RunRecord


def test_the_device_stays_said_where_the_latest_run_ended_before_it_had_one(record: Callable[..., RunRecord]) -> None:
    models = Models()
    models.runs.update(
        [
            record(1, started_at=5.0, device="cuda:0", device_reason="fastest"),
            record(2, started_at=9.0, state="failed", device=""),
            record(3, state="queued", started_at=None, device=""),
        ]
    )
    status = status_of(models)
    assert (status.device, status.device_reason, status.queued, status.active) == ("cuda:0", "fastest", 1, 0)
