#!/usr/bin/env bash
# Opens a backup without the program that made it: bash, openssl, zstd or gzip, and coreutils are enough.
# It checks everything the program checks (docs/format.md) before it prints a byte. No key is ever an argument of a
# process: keys go through pipes, and HMAC is made of two plain SHA-256.
#
#   break-glass.sh KEYRING MANIFEST                    lists the artifacts of a backup
#   break-glass.sh KEYRING MANIFEST ARTIFACT > FILE    writes the artifact as its tool made it
#
# KEYRING is backup-keyring.json, MANIFEST an <id>.metadata.json with the artifacts beside it.
set -euo pipefail
export LC_ALL=C
set +x

readonly SEGMENT=4194304

fail() {
  echo "break-glass: $*" >&2
  exit 3
}

# Bytes from hex, e.g. unhex 00ff
unhex() {
  # shellcheck disable=SC2059 # the format is \x escapes only
  printf "$(printf '%s' "$1" | sed 's/../\\x&/g')"
}

hex() {
  od -An -v -tx1 | tr -d ' \n'
}

sha256() {
  openssl dgst -sha256 -binary
}

# HMAC-SHA256 of standard input, as hex. $1: the key, 32 bytes as hex (RFC 2104)
hmac() {
  local key=$1 inner='' outer='' byte pair index
  for ((index = 0; index < 64; index++)); do
    byte=0
    if ((index < 32)); then byte=$((16#${key:index * 2:2})); fi
    printf -v pair '\\x%02x' $((byte ^ 0x36)) && inner+=$pair
    printf -v pair '\\x%02x' $((byte ^ 0x5c)) && outer+=$pair
  done
  # shellcheck disable=SC2059
  { printf "$outer" && { printf "$inner" && cat; } | sha256; } | sha256 | hex
}

# A key made from a key: HMAC(key, info, 0x01). $1: key as hex, $2: info
derive() {
  printf '%s\x01' "$2" | hmac "$1"
}

# Decrypts standard input with a key given as hex.
decrypt() {
  openssl enc -d -aes-256-cbc -pbkdf2 -iter 1 -md sha256 -pass fd:3 3< <(printf '%s' "$1")
}

# A field of hex digits in the JSON text on standard input. $1: its name
hex_field() {
  grep -o "\"$1\":\"[0-9a-f]*\"" | head -n 1 | cut -d '"' -f 4
}

number_field() {
  grep -o "\"$1\":[0-9]*" | head -n 1 | cut -d : -f 2
}

# Line B of the manifest, byte for byte.
body() {
  sed -n -e '1s/^{"manifest"://' -e '1s/,$//p' "$manifest" | tr -d '\n'
}

envelope_field() {
  sed -n 2p "$manifest" | hex_field "$1"
}

# The key of the keyring with this id, as hex.
key_of() {
  tr -d ' \n' <"$keyring" | grep -o "{\"id\":\"$1\",\"key\":\"[0-9a-f]*\"" | hex_field key
}

# Sets backup_key; everything in the manifest is authentic from then on.
open_manifest() {
  local id key_id key wrapped tag
  id=$(basename "$manifest" .metadata.json)
  sed -n 2p "$manifest" | grep -q '^"envelope":{"format":1,' || fail "$manifest is not of format 1"
  key_id=$(envelope_field keyId)
  wrapped=$(envelope_field wrapped)
  key=$(key_of "$key_id") || fail "the keyring does not hold key $key_id"
  tag=$({ printf 'PBS1 wrap\n%s\n%s\n' "$id" "$key_id" && unhex "$wrapped"; } | hmac "$(derive "$key" PBS1/wrap-mac)")
  [[ $tag == "$(envelope_field wrapTag)" ]] || fail "$manifest is damaged: its key does not open"
  backup_key=$(unhex "$wrapped" | decrypt "$(derive "$key" PBS1/wrap-enc)" | hex)
  tag=$({ printf 'PBS1 manifest\n' && body; } | hmac "$(derive "$backup_key" PBS1/manifest)")
  [[ $tag == "$(envelope_field mac)" ]] || fail "$manifest is damaged: it is not what was committed"
  body | grep -q "^{\"id\":\"$id\"," || fail "$manifest is that of another backup"
}

# What the manifest says about one artifact. $1: its name
entry_of() {
  body | grep -o '{[^{}]*}' | grep -F "\"name\":\"$1\"" || fail "$manifest names no artifact $1"
}

# Checks every segment. $1: the file, $2: its authentication key, $3: its size
check_segments() {
  local file=$1 key=$2 bytes=$3 count index final tag wanted
  [[ $(($(wc -c <"$file"))) == "$bytes" ]] || fail "$file is damaged: it is not $bytes bytes long"
  count=$(((bytes + SEGMENT - 1) / SEGMENT))
  if ((count == 0)); then count=1; fi
  [[ $(($(wc -c <"$file.tags"))) == $((count * 32)) ]] || fail "$file.tags is damaged"
  for ((index = 0; index < count; index++)); do
    final=$((index == count - 1))
    tag=$({
      printf 'PBS1 segment\n' && unhex "$(printf '%016x%02x' "$index" "$final")"
      dd if="$file" bs=$SEGMENT skip="$index" count=1 2>/dev/null
    } | hmac "$key")
    wanted=$(dd if="$file.tags" bs=32 skip="$index" count=1 2>/dev/null | hex)
    [[ $tag == "$wanted" ]] || fail "$file is damaged: segment $((index + 1)) of $count is not what was stored"
  done
}

# Prints the artifact as its tool made it. $1: its name
open_artifact() {
  local name=$1 entry nonce file
  entry=$(entry_of "$name")
  nonce=$(hex_field nonce <<<"$entry")
  file=$(dirname "$manifest")/$name
  check_segments "$file" "$(derive "$backup_key" "PBS1/mac/$name/$nonce")" "$(number_field storedBytes <<<"$entry")"
  case $entry in
    *'"enc"]'*) decrypt "$(derive "$backup_key" "PBS1/enc/$name/$nonce")" <"$file" ;;
    *) cat "$file" ;;
  esac | case $entry in
    *'"stages":["zst"'*) zstd -d -q -c --long=31 ;;
    *'"stages":["gz"'*) gzip -d -c ;;
    *) cat ;;
  esac
}

if (($# < 2 || $# > 3)); then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
readonly keyring=$1 manifest=$2
[[ -r $keyring ]] || fail "the keyring $keyring cannot be read"
[[ -r $manifest ]] || fail "the manifest $manifest cannot be read"
open_manifest
if (($# == 3)); then
  open_artifact "$3"
else
  body | grep -o '"name":"[^"]*"' | cut -d '"' -f 4
fi
