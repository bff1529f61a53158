#!/bin/sh
# bill.sh [target...]: what the images are made of, one package a line, and what they weigh over their base.
set -eu

version=${BACKUP_VERSION:-latest}
[ $# -gt 0 ] || set -- postgres neo4j redis application monitor restore

size() { docker image inspect --format '{{.Size}}' "$1"; }

for target in "$@"; do
  image=physics-backup/$target:$version
  base=$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.base.name"}}' "$image")
  echo "# $image: $(($(size "$image") / 1000000)) MB, $((($(size "$image") - $(size "$base")) / 1000000)) MB over $base"
  docker run --rm --network none --read-only --cap-drop ALL --entrypoint sh "$image" -c '
    cd /usr/share/physics-backup
    sed "s/^/os /" system-packages.txt
    node --eval "
      const { components } = JSON.parse(require(\"node:fs\").readFileSync(\"npm-packages.cdx.json\", \"utf8\"));
      for (const { name, version } of components) console.log(\"npm\", name, version);
    "'
done
