"""The same over S3: kept in a bucket, read by range, erased, and told when it is away."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path

import boto3  # type: ignore[import-untyped]
import pytest
from moto.server import ThreadedMotoServer

from tests.integration.evidence import PART, Clerk, hashed, large
from tests.integration.submission import Submission, submission
from tests.unit.evidence import DISTRICT

BUCKET = "fuyan-evidence"
ORDER = {"reason": "含有居民身份证号", "document": {"title": "关于删除有关材料的函"}}
MARKER = "district/fuyan-evidence"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a store that speaks S3, with an empty bucket."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=address, region_name="us-east-1").create_bucket(Bucket=BUCKET)
    yield address
    server.stop()


@pytest.fixture
async def service(database: str, tmp_path: Path, s3: str) -> AsyncIterator[Submission]:
    async with submission(
        database,
        tmp_path / "clock",
        date(2018, 9, 20),
        evidence=f"s3://{BUCKET}/district",
        evidence_endpoint=s3,
    ) as serving:
        yield serving


def objects(s3: str) -> list[str]:
    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1")
    return [one["Key"] for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", ())]


async def test_a_file_in_parts_is_kept_in_the_bucket_read_by_range_and_erased(
    service: Submission, s3: str
) -> None:
    clerk, content = Clerk(service), large(2 * PART + 1000)
    done = await clerk.in_parts(content)
    assert done.status_code == 201, done.text
    name = hashed(content)
    assert objects(s3) == [f"district/content/{name[:2]}/{name}", MARKER]
    assert (await clerk.get(f"/{name}")).content == content
    middle = await clerk.get(f"/{name}", Range=f"bytes={PART - 5}-{PART + 4}")
    assert middle.content == content[PART - 5 : PART + 5]
    leader = Clerk(service, "leader", organisation=DISTRICT)
    assert (await leader.post(f"/v1/evidence/{name}/erasure", ORDER)).status_code == 201
    assert objects(s3) == [MARKER]
    assert (await clerk.get(f"/{name}")).status_code == 410


async def test_a_bucket_that_is_not_there_is_told_and_nothing_is_kept(
    database: str, tmp_path: Path, s3: str
) -> None:
    async with submission(
        database,
        tmp_path / "clock",
        date(2018, 9, 20),
        evidence="s3://another-bucket",
        evidence_endpoint=s3,
    ) as service:
        refused = await Clerk(service).begin(1000)
        assert (refused.status_code, refused.json()["code"]) == (503, "evidence-store-unavailable")
