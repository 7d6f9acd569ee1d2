-- The least that bnet-sync needs in the middle database: read the four tables, update the processing state.
-- No insert, no delete, no DDL, no further columns (specification 5.2.1).
--
-- Run it as the owner of the tables; the first statement needs a role that may create roles. Replace bnet_sync by
-- the name of your role, and public by the schema of the tables, where they differ. The password is yours to give:
-- ALTER ROLE bnet_sync PASSWORD '…', or \password in psql.
--
-- Behind a connection pooler only the transactions of bnet-sync itself bring a limit. This limits everything else that
-- logs in as the role, at worker.callTimeoutMs:
-- ALTER ROLE bnet_sync SET idle_in_transaction_session_timeout = '10s';

CREATE ROLE bnet_sync LOGIN;

GRANT USAGE ON SCHEMA public TO bnet_sync;

GRANT SELECT ON
  public.IF_BNET_CUST, public.IF_BNET_CUST_ATTR, public.IF_BNET_ACCOUNT, public.IF_BNET_ACCOUNT_ATTR
  TO bnet_sync;

GRANT UPDATE (State, StateDate, ErrContent) ON public.IF_BNET_CUST, public.IF_BNET_ACCOUNT TO bnet_sync;

-- Not needed with middle.markAttributes: false.
GRANT UPDATE (State, StateDate) ON public.IF_BNET_CUST_ATTR, public.IF_BNET_ACCOUNT_ATTR TO bnet_sync;
