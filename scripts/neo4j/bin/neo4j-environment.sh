# Sourced by the launchers: where things are, and what every Java process of Neo4j 5 is started with.
# NEO4J_HOME defaults to the directory above bin/, NEO4J_CONF to its conf/; both mean what they mean to Neo4j's own launchers.
: "${NEO4J_HOME:=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")}"
: "${NEO4J_CONF:=$NEO4J_HOME/conf}"
export NEO4J_HOME NEO4J_CONF
installed=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
command -v "$java" >/dev/null || { echo "Java 17 or 21 is needed: apt-get install openjdk-17-jre-headless" >&2; exit 1; }

# Sorted and explicit: the order of lib/* is that of the directory, and a class-data archive needs the same order each time.
jars=$(LC_ALL=C printf '%s:' "$installed"/lib/*.jar)
jars=${jars%:}
common=(--add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/java.io=ALL-UNNAMED
  --add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/java.util.concurrent=ALL-UNNAMED
  -Dlog4j2.disable.jmx=true -Dfile.encoding=UTF-8 -Djdk.nio.maxCachedBufferSize=1024)

# Java reads the archive if it fits and goes on without it if not.
archive=()
if [ -z "${NEO4J_ARCHIVE_CLASSES_AT:-}" ] && [ -r "$installed/cds/neo4j.jsa" ]; then archive=("-XX:SharedArchiveFile=$installed/cds/neo4j.jsa" -Xshare:auto -Xlog:cds=off -Xlog:class+path=off); fi

# Last value of a setting in neo4j.conf.
setting() { sed -n "s/^[[:space:]]*${1//./\\.}[[:space:]]*=[[:space:]]*//p" "$NEO4J_CONF/neo4j.conf" 2>/dev/null | tail -n 1; }
