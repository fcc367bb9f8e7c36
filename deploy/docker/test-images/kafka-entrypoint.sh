#!/bin/sh
# KAFKA_NODE_ID is node.id, and so on, as in the apache/kafka image.
set -eu
properties="$HOME/server.properties"
data="$HOME/data"
printf 'log.dirs=%s\n' "$data" > "$properties"
env | grep '^KAFKA_' | while IFS='=' read -r name value; do
    printf '%s=%s\n' "$(printf '%s' "${name#KAFKA_}" | tr 'A-Z_' 'a-z.')" "$value"
done >> "$properties"
set -- java -Xmx512m -XX:+UseSerialGC -cp '/opt/kafka/libs/*'
if [ ! -e "$data/meta.properties" ]; then
    "$@" kafka.tools.StorageTool format -t "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" -c "$properties"
fi
exec "$@" kafka.Kafka "$properties"
