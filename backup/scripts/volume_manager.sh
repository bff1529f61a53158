#!/bin/sh
# volume_manager.sh cleanup <backup-postgres|backup-neo4j|backup-redis|backup-application|all> <days> [--dry-run]
# Removes backups that are older and whose time is over; nothing else of any volume is ever removed.
# volume_manager.sh check [all|<volume>]|status|report shows how full they are.
# create|remove-orphaned: not built yet, and so touch nothing.
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
  check) exec "$here/common/physics-backup.sh" backup-monitor volumes "${2:-all}" ;;
  status) exec "$here/common/physics-backup.sh" backup-monitor volumes ;;
  report) exec "$here/common/physics-backup.sh" backup-monitor volumes --report ;;
  create | remove-orphaned)
    echo "error: volume_manager.sh $1: this care of volumes is not built yet; nothing was done" >&2
    echo 'hint: docker volume ls shows them; volume_manager.sh status shows what is full' >&2
    ;;
  *)
    echo 'usage: volume_manager.sh check [all|<volume>]|status|report' >&2
    echo '       volume_manager.sh cleanup <volume|all> <days> (create, remove-orphaned: not built yet)' >&2
    ;;
esac
exit 2
