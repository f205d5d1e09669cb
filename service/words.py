"""The words that outbox bodies and audit entries use; the doors match on them."""

from datetime import timedelta
from typing import Final

SLACK: Final = "slack"
EMAIL: Final = "email"
WEBHOOK: Final = "webhook"

# An alert or a mail that could not leave within a day speaks of a day that is gone (rule 10).
FRESH: Final = timedelta(hours=24)
# Another system may be away over a weekend; what it is told of is a fact and stays one.
WEBHOOK_FRESH: Final = timedelta(days=3)
# Bringing a message up to date stays right for as long as the message is looked at.
UPDATE_FRESH: Final = timedelta(days=7)

ALERT: Final = "alert"
ESCALATION: Final = "escalation"
SLACK_POST: Final = "slack_post"
THREAD_NOTE: Final = "thread_note"
DIGEST: Final = "digest"
OPERATOR_NOTE: Final = "operator_note"
BRAKE: Final = "brake"
NOTE: Final = "note"
