"""Three small playbooks that stories are told with: what ships grows, the stories need not."""

from functools import cache
from pathlib import Path

from playbooks.load import parse
from playbooks.playbook import Playbook

NAMES = ("new-at-risk", "churn-risk", "recovered")
FOLDER = Path(__file__).parent / "small"


@cache
def classic() -> tuple[Playbook, ...]:
    """Return alert, mail and task for a fall into each of two bands, and thanks for a recovery."""
    return tuple(
        parse((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")
        for name in NAMES
    )
