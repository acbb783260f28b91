#!/usr/bin/env bash
# Back up a register, whether it runs or not: its database and its documents, never its guard and
# never its keys (deploy/backup.md). Reads the register's own settings from the environment.
#
#     back-up.sh FOLDER      makes FOLDER/20260131T020000Z, whole or not at all
set -euo pipefail
umask 077
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-$here/../.venv/bin/python}
target=${1:?name the folder that backups go to}
data=${DATATITLE_DATA:-data}
url=${DATATITLE_DATABASE_URL:-sqlite+aiosqlite:///$data/register.sqlite3}
documents=${DATATITLE_DOCUMENTS:-$data/documents}

mkdir -p "$target"
made=$target/$(date -u +%Y%m%dT%H%M%SZ)
draft=$made.draft
previous=$(find "$target" -mindepth 1 -maxdepth 1 -name '*Z' | sort | tail -n 1)
mkdir "$draft"
trap 'rm -rf "$draft"' EXIT

# The database comes first: every document it speaks of was kept before, and none is ever changed.
case $url in
  postgresql*)
    pg_dump --format=custom --file="$draft/register.dump" --dbname="$url"
    pg_restore --list "$draft/register.dump" > "$draft/contents"
    ;;
  *)
    # The file of a register at work must not be copied: half of it may be in the log beside it.
    "$python" - "${url#sqlite+aiosqlite:///}" "$draft/register.sqlite3" << 'END'
import sqlite3, sys
source, copy = sys.argv[1:]
sqlite3.connect(f"file:{source}?mode=rw", uri=True).execute("VACUUM INTO ?", (copy,))
(found,) = sqlite3.connect(copy).execute("PRAGMA quick_check").fetchone()
sys.exit(None if found == "ok" else found)
END
    ;;
esac

case $documents in
  *://*) echo "The documents lie in $documents, whose own versions and copies guard them." ;;
  *)
    # A document never changes, so that a copy shares what the one before has on the disk.
    [ -z "$previous" ] || [ ! -d "$previous/documents" ] || cp -al "$previous/documents" "$draft/documents"
    mkdir -p "$draft/documents" "$documents"
    tar -C "$documents" --exclude=./incoming -cf - . | tar -C "$draft/documents" --skip-old-files -xf -
    ;;
esac

sync -f "$draft"
mv "$draft" "$made"
trap - EXIT
echo "$made"
