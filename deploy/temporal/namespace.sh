#!/bin/sh
# Makes the namespace TEMPORAL_NAMESPACE where it is missing, in temporalio/admin-tools. The worker adds the search
# attributes and raises how long closed histories are kept (DURADESK_RETENTION).
set -eu

n=0
until temporal operator cluster health; do # the port opens some seconds before the server answers
  n=$((n + 1))
  [ "$n" -lt 30 ] || { echo "Temporal at $TEMPORAL_ADDRESS does not answer" >&2; exit 1; }
  sleep 2
done
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
