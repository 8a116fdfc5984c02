"""The keys of an installation: kept in a backup only when that is asked for.

Rows hold what these keys lock (authenticator secrets, PINs). The object store's own keys are not among them: a restored
installation has a store with keys of its own.
"""

from pathlib import Path

from meetingcheck.lib.files import write_once
from meetingcheck.lib.settings import Settings

SECRET_KEY = "secret_key"  # noqa: S105 - the name of a file


def keys_to_keep(settings: Settings) -> dict[str, bytes]:
    """File names and contents."""
    return {SECRET_KEY: settings.secret_key.encode()}


def put_keys(settings: Settings, keys: dict[str, bytes]) -> list[str]:
    """Put keys into the data folder where none lies; sentences about what is left to do by hand."""
    to_do = []
    for name, value in keys.items():
        place: Path = settings.data / name
        kept = write_once(place, value.decode())
        if kept != value.decode():
            place = settings.data / f"{name}.restored"
            write_once(place, value.decode())
        if name == SECRET_KEY and settings.secret_key != value.decode():
            to_do.append(f"This installation has another SECRET_KEY than the backup: set SECRET_KEY_FILE to {place}.")
    return to_do
