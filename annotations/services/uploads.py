"""Uploads that never lie on a disk in the clear: encrypted while they arrive."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.utils.translation import gettext as _

from annotations.errors import InvalidError
from annotations.intake.bronze import Stored, TooLargeForBronzeError, Writer
from annotations.services import bronze_files

PLACE = "upload"  # first part of the bronze file's name; the batch has the source


class NoFileError(InvalidError):
    code = "no_file"


class StoredUpload(UploadedFile):
    """A file that came in; its bytes are in `stored`, sealed."""

    def __init__(self, stored: Stored, *args: Any, **options: Any) -> None:
        super().__init__(None, *args, size=stored.size, **options)
        self.stored = stored


class EncryptingUploadHandler(FileUploadHandler):
    """Seals each file of a form as it is read from the socket."""

    chunk_size = 64 * 1024

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.is_too_large = False
        self._writer: Writer | None = None

    def new_file(self, *args: Any, **options: Any) -> None:
        super().new_file(*args, **options)
        self._writer = bronze_files.writer(source=PLACE)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self._writer is not None  # new_file comes first
        try:
            self._writer.write(raw_data)
        except TooLargeForBronzeError:
            self._writer = None
            self.is_too_large = True
            raise StopUpload(connection_reset=True) from None

    def file_complete(self, file_size: int) -> StoredUpload | None:
        if self._writer is None:
            return None
        stored = self._writer.finish()
        self._writer = None
        return StoredUpload(stored, self.file_name, self.content_type)

    def upload_interrupted(self) -> None:
        if self._writer is not None:
            self._writer.discard()
            self._writer = None


def encrypt_files_of(request: HttpRequest) -> EncryptingUploadHandler:
    """Files of this request will be sealed; call it before anything reads the body."""
    handler = EncryptingUploadHandler(request)
    request.upload_handlers = [handler]
    return handler


def only_file(request: HttpRequest, field: str = "file") -> StoredUpload:
    """The one file of the form; other files of it are dropped."""
    handler = request.upload_handlers[0]
    files = [f for name in request.FILES for f in request.FILES.getlist(name)]
    wanted = request.FILES.get(field)
    for file in files:
        if file is not wanted:
            file.stored.path.unlink(missing_ok=True)
    if getattr(handler, "is_too_large", False):
        raise bronze_files.too_large()
    if wanted is None:
        raise NoFileError(_("There is no file in the form."))
    return wanted
