#!/bin/sh
# scheduler.sh backup <service|all> <type>|status|report
# scheduler.sh cleanup <service|all> <type|all> [--dry-run]
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)

usage() {
  echo 'usage: scheduler.sh backup <postgres|neo4j|redis|application|all> <type>' >&2
  echo '       scheduler.sh cleanup <postgres|neo4j|redis|application|all> <type|all> [--dry-run]' >&2
  echo '       scheduler.sh status|report' >&2
  echo '       scheduler.sh test (not built yet)' >&2
  exit 2
}

not_built() {
  echo "error: scheduler.sh $1: $2 is not built yet; nothing was done" >&2
  echo "hint: $3" >&2
  exit 2
}

[ $# -gt 0 ] || usage
case $1 in
  backup | cleanup)
    [ "$1" = backup ] || [ $# -ge 2 ] || usage
    case ${2:-} in
      neo4j | redis | application) where=$2-backup ;;
      *) where=postgres-backup ;;
    esac
    exec "$here/common/physics-backup.sh" "$where" "$@"
    ;;
  status) exec "$here/common/physics-backup.sh" backup-monitor status ;;
  report) exec "$here/common/physics-backup.sh" backup-monitor report ;;
  test) not_built test 'a drill in sandboxes' 'physics-backup validate --all reads every backup' ;;
  *) usage ;;
esac
