-- The least that bnet-sync needs in the product store when another role owns its tables (the one that ran
-- "bnet-sync migrate"). Purging the journal, and migrating, stay with the owner.
--
-- Run it as the owner, after migrating. Replace bnet_sync_store by the name of your role. The role exists already, or:
-- CREATE ROLE bnet_sync_store LOGIN;
--
-- Behind a connection pooler only the transactions of bnet-sync itself bring a limit. This limits everything else that
-- logs in as the role, at 0.6 of worker.leaseTtlMs:
-- ALTER ROLE bnet_sync_store SET idle_in_transaction_session_timeout = '9000ms';
--
-- With store.schema in the configuration, first: SET search_path = your_schema;
-- and: GRANT USAGE ON SCHEMA your_schema TO bnet_sync_store;

GRANT SELECT, INSERT, UPDATE ON bnet_customer, bnet_account TO bnet_sync_store;

GRANT SELECT, INSERT, DELETE ON bnet_customer_attr, bnet_account_attr TO bnet_sync_store;

GRANT SELECT, INSERT, UPDATE (superseded) ON sync_journal TO bnet_sync_store;

GRANT SELECT, UPDATE ON sync_shard TO bnet_sync_store;

GRANT SELECT, INSERT, UPDATE, DELETE ON sync_worker TO bnet_sync_store;

GRANT SELECT, INSERT, DELETE ON sync_crash TO bnet_sync_store;

GRANT SELECT, INSERT, UPDATE, DELETE ON sync_deferral TO bnet_sync_store;

GRANT SELECT, INSERT, UPDATE, DELETE ON sync_activity TO bnet_sync_store;

GRANT SELECT ON sync_pause TO bnet_sync_store;

GRANT SELECT, INSERT ON sync_guard, sync_origin TO bnet_sync_store;

-- For people: pause, resume and requeue, by commands or in the console. A worker needs none of it. No role needs more on
-- sync_audit: it is evidence.
GRANT INSERT, DELETE ON sync_pause TO bnet_sync_store;

GRANT SELECT, INSERT ON sync_audit TO bnet_sync_store;

-- "bnet-sync repair --accept".
GRANT UPDATE (closed_at, closed_by) ON sync_guard TO bnet_sync_store;

GRANT UPDATE (middle_clock, recorded_at) ON sync_origin TO bnet_sync_store;

-- The record of verifications: for the setting verify.every, and for "bnet-sync verify" to be recorded. The command itself needs
-- SELECT only.
GRANT SELECT, INSERT, UPDATE, DELETE ON sync_verification TO bnet_sync_store;

GRANT SELECT, INSERT, DELETE ON sync_difference TO bnet_sync_store;

GRANT SELECT ON sync_migration TO bnet_sync_store;
