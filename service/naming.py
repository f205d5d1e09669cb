"""Steps as people know them: by what they are and say, not by their names in a playbook."""

from typing import Final

from storage.plays import NewStep, Step

# As much of a title as tells it from the others.
LONGEST: Final = 90
_KINDS: Final = {
    "slack_alert": "the alert",
    "slack_post": "a note in Slack",
    "email": "the mail",
    "survey": "the survey",
    "task": "the task",
    "offer": "the offer",
    "question": "the question",
    "choose": "the choice",
    "escalate": "telling others",
    "webhook": "a call to another system",
    "wait": "what was to follow",
    "thread_note": "a note in the thread",
}


def named(step: Step) -> str | None:
    """Return a step in words, as: the mail “May I call you?”; None for what nobody would miss."""
    kind = _KINDS.get(step.kind)
    about = about_of(step)
    return f"{kind} “{cut(about)}”" if kind and about else kind


def about_of(step: Step | NewStep) -> str:
    """Return what a step is about: a mail's subject, a task's title, the words of a question."""
    mail = step.body.get("mail")
    words = mail.get("subject") if isinstance(mail, dict) else step.body.get("title")
    if words is None and step.kind in {"offer", "question", "choose"}:
        words = step.body.get("text")
    return str(words or "")


def cut(words: str) -> str:
    """Shorten at the end of a word, and say that something is gone."""
    if len(words) <= LONGEST:
        return words
    return words[:LONGEST].rpartition(" ")[0].rstrip(",.;:") + " …"
