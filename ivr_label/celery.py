"""The Celery app: queues, delivery rules and the beat schedule.

PostgreSQL is the truth and a message only a doorbell: it carries ids, it may come
late, twice or never, and a sweep finds what it missed.
"""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ivr_label.settings")

app = Celery("ivr_label")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        # A message not acknowledged for this long is given to somebody else.
        "visibility_timeout": settings.LONGEST_TASK_SECONDS + 600,
        # A request never waits long for a broker that is down or silent. Longer than
        # the second for which a worker asks the broker to hold its own question.
        "socket_connect_timeout": 0.2,
        "socket_timeout": 2,
        "max_retries": 0,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    },
    accept_content=["json"],
    task_serializer="json",
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_default_queue="default",
    task_routes={
        "training.tasks.run_round": {"queue": "gpu"},
        # Its imports are heavy, and the default worker stays small.
        "training.tasks.sweep_registry": {"queue": "gpu"},
        # Up to a minute of work, for which no ranking should wait.
        "training.tasks.sweep_comparison": {"queue": "gpu"},
    },
    task_create_missing_queues=True,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    timezone="UTC",
    beat_schedule={
        "sweep-leases": {"task": "annotations.tasks.sweep_leases", "schedule": 15},
        "sweep-intake": {"task": "annotations.tasks.sweep_intake", "schedule": 15},
        "anchor-audit-trail": {
            "task": "annotations.tasks.anchor_audit_trail",
            "schedule": 3600,
        },
        "sweep-intent-moves": {
            "task": "annotations.tasks.sweep_intent_moves",
            "schedule": 15,
        },
        "sweep-schemas": {"task": "annotations.tasks.sweep_schemas", "schedule": 15},
        "sweep-bulk": {"task": "annotations.tasks.sweep_bulk", "schedule": 15},
        "sweep-rounds": {"task": "training.tasks.sweep_rounds", "schedule": 15},
        "sweep-registry": {"task": "training.tasks.sweep_registry", "schedule": 60},
        "sweep-live-turns": {
            "task": "training.tasks.sweep_live_turns",
            "schedule": 15,
        },
        "sweep-shadow": {"task": "training.tasks.sweep_shadow", "schedule": 60},
        "sweep-drift": {"task": "training.tasks.sweep_drift", "schedule": 60},
        "sweep-ranking": {"task": "training.tasks.sweep_ranking", "schedule": 10},
        "sweep-label-errors": {
            "task": "training.tasks.sweep_label_errors",
            "schedule": 15,
        },
        "sweep-second-opinions": {
            "task": "annotations.tasks.sweep_second_opinions",
            "schedule": 60,
        },
        "sweep-comparison": {
            "task": "training.tasks.sweep_comparison",
            "schedule": 60,
        },
        "sweep-forecast": {"task": "training.tasks.sweep_forecast", "schedule": 60},
    },
)
for entry in app.conf.beat_schedule.values():
    # A sweep nobody took in time is pointless: the next one does its work.
    entry["options"] = {"expires": entry["schedule"]}
app.autodiscover_tasks(["annotations", "training"])
