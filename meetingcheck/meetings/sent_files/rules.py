"""Names of files that programs send. Pure."""

import uuid


def sent_file_id(unit_id: uuid.UUID, actor_id: uuid.UUID, own_id: uuid.UUID) -> uuid.UUID:
    """The sender's own UUID counts only together with who sends it for which cell."""
    return uuid.uuid5(unit_id, f"{actor_id}/{own_id}")
