"""Places on S3: a bucket and a key, or the prefix of keys."""

from __future__ import annotations

from dataclasses import dataclass

SCHEME = "s3://"


def is_s3(location: str) -> bool:
    """Whether a location is an S3 URL, and not a path."""
    return location.startswith(SCHEME)


@dataclass(frozen=True)
class S3Location:
    """An object or prefix of a bucket. ``key`` ends without a slash; empty is the whole bucket."""

    bucket: str
    key: str = ""

    @classmethod
    def of(cls, url: str) -> S3Location:
        """The place that a URL such as ``s3://bucket/prefix`` names; keys stand in it as they are, unescaped.

        Raises:
            ValueError: it is no such URL.
        """
        bucket, _, key = url.removeprefix(SCHEME).partition("/")
        if not is_s3(url) or not bucket:
            raise ValueError(f"{url!r} is no S3 URL: write s3://bucket/prefix")
        return cls(bucket, key.rstrip("/"))  # a key may begin with one

    def __truediv__(self, name: str) -> S3Location:
        return S3Location(self.bucket, f"{self.key}/{name}" if self.key else name)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def below(self) -> str:
        """The prefix that everything below has, and nothing beside."""
        return f"{self.key}/" if self.key else ""
