"""The container without an engine: each RUN step run in a clean place, the compose file checked."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
# The image's absolute places; in the test each lies below a folder of its own.
PLACES = ("/opt/bellwether", "/var/lib/bellwether", "/wheels", "/build")

_DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"}
_NAMED = {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}}
# What of the Compose specification this project uses, and nothing else: a typing error shows.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["services"],
    "additionalProperties": False,
    "properties": {
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "oneOf": [{"required": ["image"]}, {"required": ["build"]}],
                "properties": {
                    "image": {"type": "string"},
                    "build": {"type": "string"},
                    "command": {"type": "array", "items": {"type": "string"}},
                    "environment": _NAMED,
                    "volumes": {"type": "array", "items": {"type": "string", "pattern": ":/"}},
                    "ports": {"type": "array", "items": {"type": "string"}},
                    "init": {"type": "boolean"},
                    "stop_grace_period": _DURATION,
                    "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
                    "depends_on": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["condition"],
                            "properties": {
                                "condition": {
                                    "enum": [
                                        "service_started",
                                        "service_healthy",
                                        "service_completed_successfully",
                                    ]
                                }
                            },
                        },
                    },
                    "healthcheck": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["test"],
                        "properties": {
                            "test": {"type": "array", "items": {"type": "string"}},
                            "interval": _DURATION,
                            "timeout": _DURATION,
                            "retries": {"type": "integer"},
                        },
                    },
                },
            },
        },
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
}


@dataclass
class Stage:
    """One stage of the image: its instructions in order."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def stages() -> list[Stage]:
    found: list[Stage] = []
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append(Stage(rest))
        else:
            found[-1].steps.append((word, rest.strip()))
    return found


def instructions(word: str, stage: int = -1) -> list[str]:
    return [rest for one, rest in stages()[stage].steps if one == word]


def moved(text: str, below: Path) -> str:
    """Write a command of the image for the folder that stands for its root."""
    for place in PLACES:
        text = re.sub(rf"(?<![\w/]){re.escape(place)}", str(below) + place, text)
    return text


def context(build: Path) -> None:
    """Lay out what .dockerignore lets into the build, from what git knows."""
    allowed = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), flags=re.MULTILINE)
    known = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    ).stdout.splitlines()  # fmt: skip
    for name in known:
        if name.split("/")[0] in allowed and (ROOT / name).is_file():
            (build / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, build / name)


def clean(below: Path) -> dict[str, str]:
    """Return an environment with nothing of ours in it but how to reach the registry."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or name.lower().endswith(("_proxy", "_ca_bundle", "_cert_file"))
    }
    pairs = (pair for rest in instructions("ENV") for pair in shlex.split(rest))
    image = dict(moved(pair, below).split("=", 1) for pair in pairs)
    path = image.pop("PATH").replace("$PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    return {**kept, **image, "PATH": path}


@pytest.mark.slow
def test_every_run_step_works_in_a_clean_place_and_the_result_shows_the_product(
    tmp_path: Path,
) -> None:
    build = tmp_path / "build"
    build.mkdir()
    context(build)
    env = clean(tmp_path)
    owner = f"-o {os.getuid()} -g {os.getgid()}"

    for stage in range(len(stages())):
        for command in instructions("RUN", stage):
            mine = moved(command, tmp_path).replace("-o 10001 -g 10001", owner)
            done = subprocess.run(
                ["/bin/sh", "-c", mine], cwd=build, env=env, capture_output=True, text=True,
                timeout=900, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{mine}\n{done.stdout}\n{done.stderr}"
    shutil.rmtree(build)
    entry = json.loads(instructions("ENTRYPOINT")[0])
    shown = subprocess.run(
        [*entry, "demo", "--customers", "2", "--days", "16", "--no-serve"],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert shown.returncode == 0, shown.stderr
    assert (tmp_path / "var/lib/bellwether/bellwether.db").exists()


def test_the_image_is_slim_runs_as_nobody_and_knows_when_it_is_well() -> None:
    builder, final = stages()

    assert all("slim" in stage.base for stage in (builder, final))
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instructions("USER")[0])
    assert "bellwether.alive" in instructions("HEALTHCHECK")[0]
    assert not any("pip" in command for command in instructions("RUN"))
    assert "--require-hashes" in DOCKERFILE


def test_the_build_sees_every_package_and_nothing_else() -> None:
    allowed = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), flags=re.MULTILINE))
    packages = {path.parent.name for path in ROOT.glob("*/py.typed")}

    assert allowed == packages | {"pyproject.toml", "requirements.lock", "README.md", "LICENSE"}


def test_the_compose_file_says_only_what_compose_knows() -> None:
    jsonschema.validate(COMPOSE, SCHEMA)

    for name, service in COMPOSE["services"].items():
        volumes = {volume.split(":")[0] for volume in service.get("volumes", ())}
        assert volumes <= set(COMPOSE["volumes"]), name
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"]), name


def test_a_typing_error_in_the_compose_file_would_show() -> None:
    wrong = json.loads(json.dumps(COMPOSE))
    wrong["services"]["bellwether"]["enviroment"] = {}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


def test_the_application_waits_for_a_healthy_database_and_shows_the_demo() -> None:
    app, database = COMPOSE["services"]["bellwether"], COMPOSE["services"]["database"]

    assert app["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "pg_isready" in database["healthcheck"]["test"]
    assert app["command"] == ["${START:-demo}"]
    assert app["environment"]["DATABASE_URL"].startswith("postgresql://")
    assert all(port.startswith("127.0.0.1:") for port in app["ports"])
    assert app["environment"]["BELLWETHER_INBOX"] == "${BELLWETHER_INBOX:-open}"
