"""A small disk of its own for the database, which can be filled and emptied again."""

import os
import shutil
import subprocess
from pathlib import Path

MIB = 2**20
SIZE_MIB = 256
BALLAST = "ballast"
PAGE_BYTES = 4096


class SmallDisk:
    """A tmpfs at a directory, where mounting is permitted; otherwise the directory is as it was."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.is_mounted = False

    def mount(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        mount = shutil.which("mount")
        if mount and os.geteuid() == 0:
            argv = [mount, "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "homelab-chaos", str(self.directory)]
            self.is_mounted = subprocess.run(argv, check=False, capture_output=True).returncode == 0

    def unmount(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.directory)], check=True)
            self.is_mounted = False

    def fill(self) -> None:
        """Leave not a page free."""
        with (self.directory / BALLAST).open("wb") as ballast:
            while (free := shutil.disk_usage(self.directory).free) >= PAGE_BYTES:
                at = ballast.seek(0, os.SEEK_END)
                try:
                    os.posix_fallocate(ballast.fileno(), at, free)
                except OSError:  # somebody else has taken some of it
                    continue

    def empty(self) -> None:
        (self.directory / BALLAST).unlink(missing_ok=True)
