"""Static files under names with a hash, compressed; plain while none are collected."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Falls back to the plain name for a file that `collectstatic` has not seen.

    Collecting also joins the scripts of each of STATIC_BUNDLES into one file, so that
    a page made of many small modules is one request.
    """

    manifest_strict = False
    keep_only_hashed_files = False

    def stored_name(self, name: str) -> str:
        if not self.hashed_files or settings.DEBUG:
            return name
        return super().stored_name(name)

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool]]:
        if not dry_run:
            for name, parts in settings.STATIC_BUNDLES.items():
                joined = Path(self.path(name))
                joined.write_bytes(b"\n".join(map(self._read, parts)))
                paths[name] = (self, name)
        yield from super().post_process(paths, dry_run, **options)

    def _read(self, name: str) -> bytes:
        return Path(self.path(name)).read_bytes()
