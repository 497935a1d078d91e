#!/bin/sh
# Prints where the key is; exits 1 when there is none.
set -eu
[ -f "$KEY_FILE" ] || exit 1
printf '{"path":"%s/%s"}\n' "$(cd "$(dirname "$KEY_FILE")" && pwd)" "$(basename "$KEY_FILE")"
