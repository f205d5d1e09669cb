"""The language as other programs read it: a JSON Schema made of the very classes that check it."""

from typing import Any

from playbooks.playbook import Playbook

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the schema an editor completes and checks a playbook by."""
    return {"$schema": DIALECT, **Playbook.model_json_schema()}
