#!/bin/sh
# encryption.sh test|rotate-keys: not built yet, and so touches no key.
set -eu

case ${1:-} in
  test)
    echo 'error: encryption.sh test: the test of the keys is not built yet; nothing was done' >&2
    echo 'hint: physics-backup validate --all opens every backup with them' >&2
    ;;
  rotate-keys)
    echo 'error: encryption.sh rotate-keys: the change of keys is not built yet; nothing was done' >&2
    echo 'hint: keep a copy of backup-keyring.json in a safe place' >&2
    ;;
  *) echo 'usage: encryption.sh test|rotate-keys (not built yet)' >&2 ;;
esac
exit 2
