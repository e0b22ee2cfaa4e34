#!/bin/sh
# push-image.sh IMAGE TAG: builds the image for both architectures and pushes it with its bill of materials and provenance.
# With DRY_RUN set it prints the command.
set -eu
image=${1:?usage: push-image.sh IMAGE TAG} tag=${2:?usage: push-image.sh IMAGE TAG}
version=${tag#v}
set -- docker buildx build --platform linux/amd64,linux/arm64 --provenance=mode=max --sbom=true --push \
  --tag "$image:$version"
# A version such as 1.3.0-rc.1 is not what `latest` means.
case $version in *-*) ;; *) set -- "$@" --tag "$image:latest" ;; esac
${DRY_RUN:+echo} "$@" .
