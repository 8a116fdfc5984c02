"""Photos to report with."""

import pytest

from tests.photos import samples


@pytest.fixture(scope="session")
def overview() -> bytes:
    return samples.jpeg(samples.scene(640, 480), exif=samples.camera_exif(taken_at="2026:11:03 19:45:00"))


@pytest.fixture(scope="session")
def page() -> bytes:
    return samples.jpeg(samples.scene(480, 640))
