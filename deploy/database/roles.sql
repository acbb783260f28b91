-- Three roles in the register's database, each with what it needs (deploy/cluster.md).
--
--     psql --set=ON_ERROR_STOP=1 --set=database=datatitle --file=deploy/database/roles.sql postgres
--
-- as a superuser, once, before the first `datatitle migrate`. Passwords are set afterwards, with
-- \password, so that they stand in no file and no log.
--
--   datatitle_owner      owns the tables: `datatitle migrate`, and nothing that serves
--   datatitle            what `datatitle serve` connects as: it deletes nothing, and cannot take away
--                        the triggers that say so a second time
--   datatitle_reader     looks, and writes nowhere: reports, replicas, backups with pg_dump

CREATE ROLE datatitle_owner LOGIN;
CREATE ROLE datatitle LOGIN;
CREATE ROLE datatitle_reader LOGIN;

CREATE DATABASE :"database" OWNER datatitle_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO datatitle, datatitle_reader;

\connect :"database"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO datatitle_owner;
GRANT USAGE ON SCHEMA public TO datatitle, datatitle_reader;

-- For every table that `datatitle migrate` will make.
ALTER DEFAULT PRIVILEGES FOR ROLE datatitle_owner GRANT SELECT, INSERT, UPDATE ON TABLES TO datatitle;
ALTER DEFAULT PRIVILEGES FOR ROLE datatitle_owner GRANT USAGE, SELECT ON SEQUENCES TO datatitle;
ALTER DEFAULT PRIVILEGES FOR ROLE datatitle_owner GRANT SELECT ON TABLES TO datatitle_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE datatitle_owner GRANT SELECT ON SEQUENCES TO datatitle_reader;

ALTER ROLE datatitle_reader SET default_transaction_read_only = on;
