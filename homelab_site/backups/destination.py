"""Where backups are kept: a directory, or a bucket of S3 or of what speaks like it.

A file appears under its name as a whole or not at all. boto3 finds the bucket's login and address by itself, in
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_S3` or the files that others name
(https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html).
"""

import io
import os
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from homelab_site.backups.archive import CHUNK, Readable
from homelab_site.backups.errors import BackupError

PARTIAL = ".partial"
STALE_SECONDS = 24 * 3600
PART_BYTES = 16 << 20
"""S3 takes 10,000 parts at most, so this is enough for 156 GiB; one part is in memory at a time."""


class Destination(ABC):
    """A flat place for files. Every method raises BackupError where it cannot be used."""

    @abstractmethod
    def names(self) -> list[str]:
        """Return the names of the files that are whole."""

    @abstractmethod
    def store(self, name: str, source: Readable) -> None:
        """Store a stream; where reading it fails, the error is passed on and nothing stays."""

    @abstractmethod
    def open(self, name: str) -> AbstractContextManager[Readable]:
        """Give a file to read."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def store_bytes(self, name: str, content: bytes) -> None:
        self.store(name, io.BytesIO(content))

    def read_bytes(self, name: str) -> bytes:
        with self.open(name) as file:
            return file.read()


def destination_of(where: str) -> Destination:
    """Return the place that `s3://BUCKET/PREFIX` or the path of a directory names."""
    if not where.startswith("s3://"):
        return Directory(Path(where))
    parts = urlsplit(where)
    if not parts.netloc or parts.query or parts.fragment:
        raise BackupError(f"{where} names no bucket; write it like s3://BUCKET/PREFIX.")
    return Bucket(parts.netloc, parts.path.strip("/"))


class Directory(Destination):
    """A directory, in which only their owner can read the files."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def names(self) -> list[str]:
        with self._trouble("read"):
            return [entry.name for entry in os.scandir(self._path) if entry.is_file() and entry.name[0] != "."]

    def store(self, name: str, source: Readable) -> None:
        with self._trouble("written"):
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._remove_stale()
            partial = self._path / f".{name}{PARTIAL}"
            try:
                partial.touch(mode=0o600, exist_ok=False)
                with partial.open("wb") as file:
                    shutil.copyfileobj(source, file, CHUNK)
                    file.flush()
                    os.fsync(file.fileno())
                partial.rename(self._path / name)
            except FileExistsError:  # somebody else's, who is at work on it
                raise
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
            _sync_directory(self._path)

    @contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        with self._trouble("read"), (self._path / name).open("rb") as file:
            yield file

    def remove(self, name: str) -> None:
        with self._trouble("written"):
            (self._path / name).unlink(missing_ok=True)

    def _remove_stale(self) -> None:
        """Remove what a run that was killed has left; one that is under way is younger."""
        for partial in self._path.glob(f".*{PARTIAL}"):
            if time.time() - partial.stat().st_mtime > STALE_SECONDS:
                partial.unlink(missing_ok=True)

    @contextmanager
    def _trouble(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise BackupError(f"{self._path} cannot be {done}: {error.strerror or error}.") from error


class Bucket(Destination):
    """A bucket, in which a multipart upload that fails is aborted, and until it ends is no object."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        with self._trouble("used"):
            config = Config(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "max_attempts": 5})
            self._client = boto3.client("s3", config=config)

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def names(self) -> list[str]:
        with self._trouble("read"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            keys = (found["Key"].removeprefix(self._prefix) for page in pages for found in page.get("Contents", ()))
            return [key for key in keys if key and "/" not in key]

    def store(self, name: str, source: Readable) -> None:
        # Without threads it reads the parts one after the other, as a pipe gives them.
        transfer = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False)
        with self._trouble("written"):
            self._client.upload_fileobj(source, self._bucket, self._prefix + name, Config=transfer)

    @contextmanager
    def open(self, name: str) -> Iterator[Readable]:
        with (
            self._trouble("read"),
            closing(self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]) as body,
        ):
            yield body

    def remove(self, name: str) -> None:
        with self._trouble("written"):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    @contextmanager
    def _trouble(self, done: str) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise BackupError(f"{self} cannot be {done}: {error}.") from error


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
