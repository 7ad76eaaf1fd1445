"""What S3 and the way to it can answer, told as people can use it: what happened, to what, and the mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

MISSING = ("NoSuchKey", "NotFound", "404", "NoSuchUpload")
CONFLICTS = ("PreconditionFailed", "ConditionalRequestConflict", "412")
MENDS = {
    "NoSuchBucket": "there is no such bucket: create it, or correct its name and RETAIL_S3_ENDPOINT_URL",
    "AccessDenied": "no permission: allow the action in the role's policy (docs/cloud.md has it); "
    "`retail doctor --cloud` names all that is missing",
    "InvalidAccessKeyId": "the server does not know the access key: correct the credentials of the AWS chain",
    "SignatureDoesNotMatch": "the secret key is not that of the access key: correct the credentials of the AWS chain",
    "ExpiredToken": "the credentials have expired: renew them, such as by `aws sso login`",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it by NTP",
    "PermanentRedirect": "the bucket is in another region: set RETAIL_S3_REGION",
    "InvalidRequest": "the server refuses the request: see whether RETAIL_S3_ENDPOINT_URL and encryption suit it",
    "SlowDown": "the server is overloaded or ill and all attempts are used up: run it again later",
    "KMS": "the key cannot be used: see that it is enabled and that the role may use it (docs/cloud.md)",
}
ALIKE = {
    "403": "AccessDenied",
    "Forbidden": "AccessDenied",
    "AllAccessDisabled": "AccessDenied",
    "InvalidToken": "ExpiredToken",
    "TokenRefreshRequired": "ExpiredToken",
    "ExpiredTokenException": "ExpiredToken",
    "RequestExpired": "ExpiredToken",
    "301": "PermanentRedirect",
    "AuthorizationHeaderMalformed": "PermanentRedirect",
    "IllegalLocationConstraintException": "PermanentRedirect",
    "400": "InvalidRequest",
    "InvalidArgument": "InvalidRequest",
    "MalformedXML": "InvalidRequest",
    "503": "SlowDown",
    "500": "SlowDown",
    "InternalError": "SlowDown",
    "ServiceUnavailable": "SlowDown",
    "RequestTimeout": "SlowDown",
}
EXCEPTIONS = {
    "NoCredentialsError": "there are no credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or give the machine a role",
    "PartialCredentialsError": "the credentials are incomplete: set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "ProfileNotFound": "there is no such profile: correct RETAIL_S3_PROFILE or AWS_PROFILE",
    "ConnectTimeoutError": "no connection within the time-out: is RETAIL_S3_ENDPOINT_URL right, is there a way to it?",
    "EndpointConnectionError": "nobody answers at the address: is RETAIL_S3_ENDPOINT_URL right, is the server up?",
    "ReadTimeoutError": "the server fell silent and all attempts are used up: run it again later",
    "SSLError": "its certificate is not trusted: set RETAIL_S3_CA_BUNDLE to the authority's PEM file",
    "ConnectionError": "the connection broke and all attempts are used up: run it again later",
}


class S3Error(Exception):
    """A request to S3 failed for good. The message says what happened, to which object, and what to do."""


class ObjectMissing(S3Error):
    """There is no object of that key."""


class ObjectChanged(S3Error):
    """The object is not, or no longer, as the request required it to be."""


@contextmanager
def explained(action: str, place: object = "S3") -> Iterator[None]:
    """Turn what botocore raises into an S3Error about this action on this place.

    Raises:
        ObjectMissing: there is no such object.
        ObjectChanged: a condition of the request did not hold.
        S3Error: anything else.
    """
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        raise _answered(action, place, error) from _without_secrets(error)
    except (BotoCoreError, HTTPClientError) as error:
        raise S3Error(f"{action}, {place}: {_unanswered(error)}") from _without_secrets(error)


def _answered(action: str, place: object, error: Exception) -> S3Error:
    response = error.response  # type: ignore[attr-defined]
    code = str(response.get("Error", {}).get("Code", ""))
    if code in MISSING:
        return ObjectMissing(f"{action}, {place}: there is no such object")
    if code in CONFLICTS:
        return ObjectChanged(f"{action}, {place}: somebody else has changed it meanwhile; run it again")
    said = str(response.get("Error", {}).get("Message", "")).split("\n")[0]
    kind = "KMS" if "KMS" in code or "kms:" in said else ALIKE.get(code, code)
    region = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region")
    mend = MENDS.get(kind, said or "the server gives no reason")
    if kind == "PermanentRedirect" and region:
        mend += f" to {region}"
    return S3Error(f"{action}, {place}: {mend} ({code})")


def _unanswered(error: Exception) -> str:
    names = [kind.__name__ for kind in type(error).__mro__]
    for name in names:
        if name in EXCEPTIONS:
            return EXCEPTIONS[name]
    return f"{names[0]}: {str(error).splitlines()[0] if str(error) else 'no reason given'}"


def _without_secrets(error: Exception) -> Exception | None:
    """The error as a cause for tracebacks, but not its own frames: their local variables hold signed requests."""
    return error.with_traceback(None)
