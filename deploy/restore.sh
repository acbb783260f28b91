#!/usr/bin/env bash
# Put a backup of back-up.sh back, where no register is any more (deploy/backup.md). The register
# must be stopped. Reads the register's own settings from the environment.
#
#     restore.sh FOLDER/20260131T020000Z
set -euo pipefail
umask 077
backup=${1:?name the backup}
data=${DATATITLE_DATA:-data}
url=${DATATITLE_DATABASE_URL:-sqlite+aiosqlite:///$data/register.sqlite3}
documents=${DATATITLE_DOCUMENTS:-$data/documents}

case $url in
  postgresql*)
    # Fails, and changes nothing, where there are tables already.
    pg_restore --exit-on-error --single-transaction --no-owner --dbname="$url" "$backup/register.dump"
    ;;
  *)
    file=${url#sqlite+aiosqlite:///}
    # A log that belongs to another file would be played into this one.
    for there in "$file" "$file-wal" "$file-shm"; do
      [ ! -e "$there" ] || { echo "$there is there: move it away first." >&2; exit 1; }
    done
    mkdir -p "$(dirname "$file")"
    cp "$backup/register.sqlite3" "$file.draft"
    sync "$file.draft"
    mv "$file.draft" "$file"
    ;;
esac

if [ -d "$backup/documents" ]; then
  mkdir -p "$documents"
  tar -C "$backup/documents" -cf - . | tar -C "$documents" --skip-old-files -xf -
fi
echo "$backup is back. Look it over before it serves: datatitle doctor"
