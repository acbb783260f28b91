-- What the register may change in the ledger, column by column. As datatitle_owner, after each
-- `datatitle migrate`; again changes nothing.
--
--     psql --set=ON_ERROR_STOP=1 --file=deploy/database/grants.sql "$OWNER_URL"

-- An entry is given its place, once; a checkpoint is marked as published, once.
REVOKE UPDATE ON ledger_entry, ledger_checkpoint FROM datatitle;
GRANT UPDATE (idx, chain) ON ledger_entry TO datatitle;
GRANT UPDATE (published_at) ON ledger_checkpoint TO datatitle;

-- Erasing a fact is the owner's: run `datatitle ledger erase` as datatitle_owner.
REVOKE UPDATE ON ledger_opening FROM datatitle;

-- Which steps the database has taken is the owner's to say.
REVOKE INSERT, UPDATE ON alembic_version FROM datatitle;
