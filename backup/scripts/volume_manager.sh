#!/bin/sh
# volume_manager.sh check|cleanup|create|remove-orphaned|report|status: not built yet, and so touches nothing.
set -eu

case ${1:-} in
  check | cleanup | create | remove-orphaned | report | status)
    echo "error: volume_manager.sh $1: the care of volumes is not built yet; nothing was done" >&2
    echo 'hint: df -h and docker volume ls show them; physics-backup doctor shows the room for backups' >&2
    ;;
  *) echo 'usage: volume_manager.sh check|cleanup|create|remove-orphaned|report|status (not built yet)' >&2 ;;
esac
exit 2
