-- Behind PgBouncer, which does not pass these on: what the register asks for with each connection
-- (services/postgresql.py). As a superuser.

ALTER ROLE datatitle SET default_transaction_isolation = 'read committed';
ALTER ROLE datatitle SET lock_timeout = '5s';
ALTER ROLE datatitle SET statement_timeout = '15s';
ALTER ROLE datatitle SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE datatitle SET jit = off;
ALTER ROLE datatitle SET plan_cache_mode = 'force_generic_plan';
ALTER ROLE datatitle SET enable_seqscan = off;
ALTER ROLE datatitle SET TimeZone = 'UTC';
