#!/bin/sh
# Runs the program for the other scripts:  physics-backup.sh <compose service> <argument>...
# In a container of ours that is a call. On the host it is the same command in the container of that service, with the
# settings of this shell; /opt/physics-assistant/backups becomes /backups, and so do logs, secrets and state.
set -eu

PROGRAM=/opt/physics-backup/dist/main.js
ROOT=${BACKUP_ROOT:-/opt/physics-assistant}
SETTINGS='TZ BACKUP_SERVICES
  POSTGRES_HOST POSTGRES_PORT POSTGRES_DB POSTGRES_USER POSTGRES_SUPERUSER
  NEO4J_HOST NEO4J_PORT NEO4J_USER NEO4J_DATABASE NEO4J_HOME
  NEO4J_CONTAINER NEO4J_DATA_DIR NEO4J_STOP_COMMAND NEO4J_START_COMMAND
  REDIS_HOST REDIS_PORT REDIS_USER REDIS_SANDBOX_HOST APPLICATION_PATHS
  BACKUP_DIR SECRETS_DIR LOG_DIR STATE_DIR VOLUMES_DIR SCHEDULE_FILE
  BACKUP_COMPRESSION COMPRESSION_LEVEL BACKUP_ENCRYPTION PARALLEL_JOBS BACKUP_TIMEOUT VALIDATION_ENABLED DRY_RUN
  RECOVERY_MODE PARALLEL_RECOVERY RECOVERY_RTO_MINUTES RECOVERY_RPO_HOURS BACKUP_RETENTION_DAYS
  BACKUP_KEEP_AT_LEAST CLEANUP_ENABLED
  BACKUP_S3_ENABLED AWS_S3_BUCKET AWS_S3_REGION AWS_S3_ENDPOINT
  BACKUP_EMAIL_ENABLED BACKUP_EMAIL_TO BACKUP_EMAIL_FROM EMAIL_SMTP_HOST EMAIL_SMTP_PORT EMAIL_SMTP_USERNAME
  WEBHOOK_FORMAT ALERTMANAGER_URL ALERT_CA_FILE ALERT_REPEAT_HOURS ALERT_GROUP
  BACKUP_CHECK_INTERVAL BACKUP_MAX_AGE_HOURS BACKUP_MIN_SIZE_MB MONITOR_HOST MONITOR_PORT
  VOLUME_CHECK_INTERVAL VOLUME_USAGE_THRESHOLD VOLUME_CRITICAL_THRESHOLD'
SECRETS='POSTGRES_PASSWORD PHYSICS_DB_PASSWORD NEO4J_PASSWORD REDIS_PASSWORD
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY EMAIL_SMTP_PASSWORD WEBHOOK_URL WEBHOOK_SECRET
  HEARTBEAT_URL MONITOR_TOKEN'
SERVICES='POSTGRES NEO4J REDIS APPLICATION'
TYPES='HOURLY DAILY WEEKLY MONTHLY YEARLY MANUAL INCREMENTAL SCHEMA'

refuse() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit "$3"
}

compose() {
  # shellcheck disable=SC2086
  ${COMPOSE_COMMAND} "$@"
}

find_compose() {
  command -v docker >/dev/null || refuse 'docker is not installed' 'run this where the platform runs' 7
  # Without COMPOSE_FILE, which may name more files: the one beside this directory, and the .env beside it.
  file=$(cd "$(dirname "$0")/../.." && pwd -P)/docker-compose.backup.yml
  if docker compose version >/dev/null 2>&1; then COMPOSE_COMMAND='docker compose'; else COMPOSE_COMMAND=docker-compose; fi
  export COMPOSE_FILE="${COMPOSE_FILE:-$file}"
  # A shell that names no file of settings (cron's, or another than the one that brought the containers up).
  if [ -z "${COMPOSE_ENV_FILES:-}" ] && ! [ -e "$(dirname "$file")/.env" ] && [ -r "$ROOT/backup/.env" ]; then
    export COMPOSE_ENV_FILES="$ROOT/backup/.env"
  fi
}

# The path as it is called in the containers.
inside() {
  within=${1#"$ROOT"}
  case $within in
    "$1") printf '%s\n' "$1" ;;
    /backups | /backups/* | /logs | /logs/* | /secrets | /secrets/* | /state | /state/*) printf '%s\n' "$within" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

schedule_names() {
  for service in $SERVICES; do
    for type in $TYPES; do echo "${service}_${type}_SCHEDULE ${service}_${type}_RETENTION"; done
  done
}

# Prints -e NAME for every setting that this shell has exported: values travel in the environment, not in arguments.
forwarded() {
  for name in $SETTINGS $(schedule_names); do
    if printenv "$name" >/dev/null; then echo "-e $name"; fi
  done
  for name in $SECRETS; do
    # What is given here replaces the file that the container was given; an empty one gives nothing.
    if [ -n "$(printenv "$name")" ]; then echo "-e $name -e ${name}_FILE="; fi
  done
}

map_settings() {
  for name in BACKUP_DIR LOG_DIR SECRETS_DIR STATE_DIR; do
    if value=$(printenv "$name"); then export "$name=$(inside "$value")"; fi
  done
}

in_running() {
  container=$(compose ps --quiet --status running "$1" 2>/dev/null) || container=
  [ -n "$container" ] || refuse "the container of $1 does not run" "docker compose -f $COMPOSE_FILE up -d" 7
  shift
  # shellcheck disable=SC2046
  exec docker exec $(terminal) $(forwarded) "$container" physics-backup "$@"
}

# A recovery has a container of its own, and one that may put files back: that ends by itself once nobody uses it, and is
# not ended here, because another recovery may.
in_restore() {
  shift
  once="run --rm --quiet-pull $(no_terminal) $(forwarded)"
  # Settings that cannot be used are said before anything is started.
  # shellcheck disable=SC2086
  compose --progress quiet $once --no-deps backup-restore config check >/dev/null
  # shellcheck disable=SC2086
  compose --progress quiet $once backup-restore "$@"
}

terminal() { if [ -t 0 ] && [ -t 1 ]; then echo -it; fi; }
no_terminal() { if ! [ -t 0 ] || ! [ -t 1 ]; then echo -T; fi; }

main() {
  service=$1
  shift
  if [ -e "$PROGRAM" ]; then exec physics-backup "$@"; fi
  find_compose
  count=$#
  while [ "$count" -gt 0 ]; do # each argument goes to the end, as it is called inside
    argument=$(inside "$1")
    shift
    set -- "$@" "$argument"
    count=$((count - 1))
  done
  map_settings
  if [ "$service" = backup-restore ]; then in_restore "$service" "$@"; else in_running "$service" "$@"; fi
}

main "$@"
