#!/bin/sh
# disaster_recovery.sh recover <latest|daily|weekly|monthly|id>|status|resume|rollback|finish
# disaster_recovery.sh validate
set -eu
here=$(cd "$(dirname "$0")/.." && pwd -P)

usage() {
  echo 'usage: disaster_recovery.sh recover <latest|daily|weekly|monthly|id>' >&2
  echo '       disaster_recovery.sh recover status|resume|rollback|finish' >&2
  echo '       disaster_recovery.sh validate' >&2
  echo '       disaster_recovery.sh plan|test (not built yet)' >&2
  exit 2
}

not_built() {
  echo "error: disaster_recovery.sh $1: $2 is not built yet; nothing was done" >&2
  echo "hint: $3" >&2
  exit 2
}

[ $# -gt 0 ] || usage
case $1 in
  recover) exec "$here/common/physics-backup.sh" backup-restore "$@" ;;
  validate) exec "$here/common/physics-backup.sh" backup-restore doctor ;;
  plan) not_built plan 'the plan of a recovery' 'physics-backup list shows the recovery points' ;;
  test) not_built test 'a recovery test in sandboxes' 'physics-backup validate --all reads every backup' ;;
  *) usage ;;
esac
