#!/bin/sh
# Removes the key; a key that is gone already is fine.
set -eu
rm -f "$KEY_FILE"
