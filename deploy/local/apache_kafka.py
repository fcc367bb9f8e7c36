"""The jars of Apache Kafka, from Maven into a cache outside the tree: fetched once per machine."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

RELEASE = "4.3.0"
MAVEN = ("mvn", "-B", "-q", "dependency:copy-dependencies")
POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>fuyan</groupId>
  <artifactId>broker</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{RELEASE}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""


def cache() -> Path:
    """`$FUYAN_CACHE`, or `~/.cache/fuyan`."""
    return Path(os.environ.get("FUYAN_CACHE") or Path.home() / ".cache" / "fuyan")


def jars() -> Path:
    """Where the jars are, or will be once fetched."""
    return cache() / f"kafka-{RELEASE}"


def available() -> bool:
    """Whether Apache Kafka can run here: Java 17, and the jars or Maven to fetch them with."""
    return _java_release() >= 17 and (jars().exists() or bool(shutil.which("mvn")))


def _java_release() -> int:
    """0 without Java; asked, since macOS has a `java` that only says how to install one."""
    if not shutil.which("java"):
        return 0
    answer = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found[1]) if found and answer.returncode == 0 else 0


def fetch() -> Path:
    """The directory of the jars; one process at a time fetches them. Raises `RuntimeError`."""
    directory = jars()
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # freed by the kernel however the holder ends
        if directory.exists():
            return directory
        with tempfile.TemporaryDirectory(dir=cache(), prefix="fetch-") as scratch:
            pom, output = Path(scratch, "pom.xml"), Path(scratch, "jars")
            pom.write_text(POM)
            maven = subprocess.run(
                [*MAVEN, "-f", pom, f"-DoutputDirectory={output}"],
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            if maven.returncode != 0:
                raise RuntimeError(f"Maven could not fetch Kafka {RELEASE}\n{maven.stdout[-2000:]}")
            output.rename(directory)
    return directory
