#!/bin/sh
# Two steps of the build of an image, on Debian and on Alpine.
set -eu

DATA='/backups /backups/postgres /backups/neo4j /backups/redis /backups/application
  /secrets /logs /state /run/physics-backup'

packages() {
  if command -v apk >/dev/null; then
    apk add --no-cache zstd openssl tar python3 flock setpriv coreutils findutils libstdc++ libgcc libatomic
  else
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      zstd openssl tar python3-minimal util-linux coreutils findutils libstdc++6 libatomic1
    rm -rf /var/lib/apt/lists/*
  fi
}

finish() {
  node --version >/dev/null || {
    echo 'Node does not run here: NODE_IMAGE and this image need the same C library (Debian or Alpine)' >&2
    exit 1
  }
  # libpq asks for the name of its user.
  grep -q '^[^:]*:[^:]*:1000:' /etc/group || echo 'physics:x:1000:' >>/etc/group
  grep -q '^[^:]*:[^:]*:1000:' /etc/passwd || echo 'physics:x:1000:1000:Physics backup:/tmp:/bin/sh' >>/etc/passwd
  # An empty volume takes owner and mode of the directory that it is mounted on.
  # shellcheck disable=SC2086
  mkdir -p $DATA && chown 1000:1000 $DATA && chmod 750 $DATA
  bill >/usr/share/physics-backup/system-packages.txt
  warm
}

bill() {
  if command -v apk >/dev/null; then apk info -v | sort; else dpkg-query -W -f '${Package} ${Version}\n'; fi
}

# Compiled code is kept in the image, for a root file system that is read-only later: a start takes half as long.
warm() {
  export NODE_COMPILE_CACHE=/opt/physics-backup/cache
  physics-backup --version
  physics-backup config show >/dev/null
  node --eval '
    const { readdirSync } = require("node:fs");
    const chunks = readdirSync("/opt/physics-backup/dist").filter((name) => name.endsWith(".js") && name !== "main.js");
    Promise.all(chunks.map((name) => import(`/opt/physics-backup/dist/${name}`)));
  '
  chmod -R a+rX "$NODE_COMPILE_CACHE"
}

"$1"
