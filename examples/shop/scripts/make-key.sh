#!/bin/sh
# Makes the key that signs order receipts, unless it is there; prints where it is.
set -eu
mkdir -p "$(dirname "$KEY_FILE")"
if [ ! -f "$KEY_FILE" ]; then
  umask 077
  head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$KEY_FILE.$$"
  mv "$KEY_FILE.$$" "$KEY_FILE"
fi
exec "$(dirname "$0")/find-key.sh"
