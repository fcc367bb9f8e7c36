#!/bin/sh
# POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB and POSTGRES_HOST_AUTH_METHOD, as the official image.
set -eu
user="${POSTGRES_USER:-postgres}"
database="${POSTGRES_DB:-$user}"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    umask 077
    printf '%s\n' "${POSTGRES_PASSWORD:?is required}" > "$HOME/password"
    initdb -D "$PGDATA" -U "$user" -E UTF8 --locale=C --locale-provider=builtin \
        --builtin-locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 \
        --pwfile="$HOME/password" > /dev/null
    rm "$HOME/password"
    printf 'host all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" \
        > "$PGDATA/pg_hba.conf"
    if [ "$database" != postgres ]; then
        printf 'CREATE DATABASE "%s"\n' "$database" | postgres --single -D "$PGDATA" postgres > /dev/null
    fi
fi
[ "$1" = postgres ] && shift
exec postgres -c "listen_addresses=*" -c unix_socket_directories= "$@"
