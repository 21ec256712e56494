from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "ivr_label"
    verbose_name = "Platform"

    def ready(self) -> None:
        from . import celery, checks  # noqa: F401 - registers the app and the checks
