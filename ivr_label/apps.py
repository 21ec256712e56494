from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "ivr_label"
    verbose_name = "Platform"

    def ready(self) -> None:
        from . import celery, checks, heartbeat  # noqa: F401 - they register themselves
