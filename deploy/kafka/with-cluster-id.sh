#!/bin/sh
# Runs the command given to it, with a cluster id of this broker's own in CLUSTER_ID.
#
# The default of the image apache/kafka is the same everywhere and always. The relays know a broker
# by this id: an emptied one that came back under the old id would seem to have every event still.
set -eu

formatted=$KAFKA_LOG_DIRS/meta.properties
if [ -f "$formatted" ]; then
    CLUSTER_ID=$(sed -n 's/^cluster\.id=//p' "$formatted")
else
    # As Kafka writes it: 16 bytes in Base64. No signs: its tools take a first - for an option.
    CLUSTER_ID=$(head -c 16 /dev/urandom | base64 | tr '+/' 'Aa' | cut -c 1-22)
fi
export CLUSTER_ID
exec "$@"
