"""Static files under names with a hash, compressed; plain while none are collected."""

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Falls back to the plain name for a file that `collectstatic` has not seen."""

    manifest_strict = False
    keep_only_hashed_files = False

    def stored_name(self, name: str) -> str:
        if not self.hashed_files or settings.DEBUG:
            return name
        return super().stored_name(name)
