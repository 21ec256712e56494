from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from annotations.services import export
        from training.services import training_files

        export.FORMS["training"] = training_files.write
