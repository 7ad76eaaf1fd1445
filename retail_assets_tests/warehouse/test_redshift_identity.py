"""Who we are to Redshift: by password, by secret, by our identity on AWS, on clusters and workgroups.

AWS itself is not there: botocore's own stubs hold what is asked against the services' definitions and answer for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from retail_assets.engine.s3_errors import S3Error
from retail_assets.settings import RedshiftSettings, S3Settings
from retail_assets.warehouse.redshift import identity as module
from retail_assets.warehouse.redshift.identity import Identity, identity

HOST = "retail.123456789012.eu-central-1.redshift-serverless.amazonaws.com"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:retail"
AWS = S3Settings()
DOCS = Path(__file__).parents[2] / "docs" / "cloud.md"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Stubber]]:
    """Clients of the services that we ask, by name; they fail on whatever the test has not foreseen."""
    session = botocore.session.Session()
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y", "region_name": "eu-central-1"}
    clients = {
        name: session.create_client(name, **keys) for name in ("secretsmanager", "redshift", "redshift-serverless")
    }
    stubs = {name: Stubber(client) for name, client in clients.items()}
    monkeypatch.setattr(module, "aws_client", lambda service, _: clients[service])
    module._from_aws.cache_clear()
    for stub in stubs.values():
        stub.activate()
    yield stubs
    for stub in stubs.values():
        stub.assert_no_pending_responses()


def test_by_password() -> None:
    settings = RedshiftSettings(host=HOST, port=5439, user="etl", password="pass-word")

    found = identity(settings, AWS)

    assert found == Identity(HOST, 5439, "etl", "pass-word")
    assert "pass-word" not in repr((found, settings))


def test_by_secret(aws: dict[str, Stubber]) -> None:
    content = json.dumps({"username": "etl", "password": "from-secret", "engine": "redshift"})
    answer = {"ARN": SECRET, "Name": "retail", "SecretString": content}
    aws["secretsmanager"].add_response("get_secret_value", answer, {"SecretId": SECRET})
    settings = RedshiftSettings(host=HOST, secret_arn=SECRET)

    assert identity(settings, AWS) == identity(settings, AWS) == Identity(HOST, 5439, "etl", "from-secret")


def test_by_our_identity_on_a_workgroup(aws: dict[str, Stubber]) -> None:
    serverless: Any = aws["redshift-serverless"]
    endpoint = {"workgroup": {"endpoint": {"address": HOST, "port": 5440}}}
    serverless.add_response("get_workgroup", endpoint, {"workgroupName": "retail"})
    serverless.add_response(
        "get_credentials",
        {"dbUser": "IAMR:etl", "dbPassword": "temporary"},
        {"workgroupName": "retail", "dbName": "dev"},
    )

    assert identity(RedshiftSettings(workgroup="retail"), AWS) == Identity(HOST, 5440, "IAMR:etl", "temporary")


def test_by_our_identity_on_a_cluster(aws: dict[str, Stubber]) -> None:
    provisioned: Any = aws["redshift"]
    found = {"Clusters": [{"Endpoint": {"Address": HOST, "Port": 5439}}]}
    provisioned.add_response("describe_clusters", found, {"ClusterIdentifier": "retail"})
    provisioned.add_response(
        "get_cluster_credentials_with_iam",
        {"DbUser": "IAM:etl", "DbPassword": "temporary"},
        {"ClusterIdentifier": "retail", "DbName": "dev"},
    )

    assert identity(RedshiftSettings(cluster="retail"), AWS) == Identity(HOST, 5439, "IAM:etl", "temporary")


def test_the_policy_allows_what_is_called_and_nothing_else(aws: dict[str, Stubber]) -> None:
    called: set[str] = set()
    for name, stub in aws.items():

        def record(model: Any, service: str = name, **_: Any) -> None:
            called.add(f"{service}:{model.name}")

        stub.client.meta.events.register("provide-client-params.*.*", record)
    test_by_secret(aws)
    test_by_our_identity_on_a_workgroup(aws)
    test_by_our_identity_on_a_cluster(aws)

    policies = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)]
    allowed = {action for policy in policies for statement in policy["Statement"] for action in statement["Action"]}
    assert called == {action for action in allowed if not action.startswith(("s3:", "kms:"))}


def test_what_aws_refuses_is_said_with_the_permission_that_lacks(aws: dict[str, Stubber]) -> None:
    aws["secretsmanager"].add_client_error("get_secret_value", "AccessDeniedException", "not authorized", 400)

    with pytest.raises(S3Error, match=f"GetSecretValue, {SECRET}: "):
        identity(RedshiftSettings(host=HOST, secret_arn=SECRET), AWS)


def test_a_secret_of_another_form_is_not_shown(aws: dict[str, Stubber]) -> None:
    answer = {"ARN": SECRET, "Name": "retail", "SecretString": "just-a-pass-word"}
    aws["secretsmanager"].add_response("get_secret_value", answer, {"SecretId": SECRET})

    with pytest.raises(ValueError, match="does not hold JSON with username and password") as caught:
        identity(RedshiftSettings(host=HOST, secret_arn=SECRET), AWS)

    assert "just-a-pass-word" not in repr(caught.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": HOST}, "Redshift needs to know who we are"),
        ({"host": HOST, "password": "x"}, "RETAIL_REDSHIFT_PASSWORD needs RETAIL_REDSHIFT_USER"),
        ({"user": "etl", "password": "x"}, "nothing says where: set RETAIL_REDSHIFT_HOST"),
    ],
)
def test_settings_that_do_not_suffice(settings: dict[str, str], said: str) -> None:
    module._from_aws.cache_clear()

    with pytest.raises(ValueError, match=said):
        identity(RedshiftSettings.model_validate(settings), AWS)
