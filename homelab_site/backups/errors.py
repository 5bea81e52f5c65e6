class BackupError(Exception):
    """A backup or a restore cannot be made. The message is one sentence: what was found, and what to do."""
