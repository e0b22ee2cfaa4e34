#!/bin/sh
# push-chart.sh REGISTRY: packs the chart and pushes it. With DRY_RUN set it packs and prints the command.
set -eu
registry=${1:?usage: push-chart.sh REGISTRY}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${HELM_BINARY:-helm}" package kubernetes/chart --destination "$folder"
${DRY_RUN:+echo} "${HELM_BINARY:-helm}" push "$folder"/gatepost-*.tgz "oci://$registry"
