#!/bin/sh
# volume_manager.sh cleanup <backup-postgres|backup-neo4j|backup-redis|backup-application|all> <days> [--dry-run]
# Removes backups that are older and whose time is over; nothing else of any volume is ever removed.
# check|create|remove-orphaned|report|status: not built yet, and so touch nothing.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)

cleanup() {
  case ${1:-} in
    all) service=all where=postgres-backup ;;
    backup-postgres | backup-neo4j | backup-redis | backup-application) service=${1#backup-} where=$service-backup ;;
    '')
      echo 'usage: volume_manager.sh cleanup <backup-postgres|backup-neo4j|backup-redis|backup-application|all> <days>' >&2
      exit 2
      ;;
    *)
      echo "error: volume_manager.sh cleanup: $1 holds no backups; nothing of it is removed" >&2
      echo 'hint: volumes of backups are backup-postgres, backup-neo4j, backup-redis, backup-application; or: all' >&2
      exit 2
      ;;
  esac
  days=${2:-30}
  [ $# -lt 2 ] || shift
  shift
  exec "$here/common/physics-backup.sh" "$where" cleanup "$service" all --older-than "$days" "$@"
}

case ${1:-} in
  cleanup)
    shift
    cleanup "$@"
    ;;
  check | create | remove-orphaned | report | status)
    echo "error: volume_manager.sh $1: the care of volumes is not built yet; nothing was done" >&2
    echo 'hint: df -h and docker volume ls show them; physics-backup doctor shows the room for backups' >&2
    ;;
  *) echo 'usage: volume_manager.sh cleanup <volume|all> <days> (check, create, remove-orphaned, report, status: not built yet)' >&2 ;;
esac
exit 2
