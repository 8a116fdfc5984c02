"""Which object store this process works with: the one that the settings name, else the one in the data folder."""

from pathlib import Path

from meetingcheck.lib.seaweed import find_address
from meetingcheck.lib.settings import SettingError, Settings
from meetingcheck.lib.storage import S3Storage, Storage, StoreAddress


def store_folder(settings: Settings) -> Path:
    """The folder of this machine's own object store."""
    return settings.data / "store"


def store_address(settings: Settings) -> StoreAddress:
    """Raises SettingError when no store is named and none has been started here yet."""
    store = settings.store
    if store.endpoint_url is not None:
        assert store.access_key is not None
        assert store.secret_key is not None
        return StoreAddress(
            endpoint_url=store.endpoint_url,
            bucket=store.bucket,
            access_key=store.access_key,
            secret_key=store.secret_key,
            region=store.region,
            ca_file=store.ca_file,
        )
    address = find_address(store_folder(settings))
    if address is None:
        raise SettingError(
            "There is no object store yet: start `meetingcheck serve` once, or name one by S3_ENDPOINT_URL."
        )
    return address


def make_storage(settings: Settings) -> Storage:
    return S3Storage(store_address(settings))
