-- The least that bnet-sync needs in the middle database: read the four tables, update the processing state.
-- No insert, no delete, no DDL, no further columns (specification 5.2.1).
--
-- Run it as a DBA, in the pluggable database of the tables where there is one; the grants on the tables may also be
-- given by their owner. Replace bnet_sync by the name of your user, and ISMP by the owner of the tables, where they
-- differ. Set middle.schema to that owner: bnet-sync then names it with every table, and needs no synonyms.

-- The password is yours to give: SQL*Plus and SQLcl ask for it here (first SET VERIFY OFF keeps it off the screen).
-- Answer with double quotes around it when it has more than letters, digits and underscores. Other programs refuse
-- this statement until you have put the password in the place of the variable; do not keep it in this file.
--
-- The default profile locks a user after FAILED_LOGIN_ATTEMPTS wrong passwords, and lets passwords expire after
-- PASSWORD_LIFE_TIME. bnet-sync stops at refused credentials instead of trying again, so it does not lock its user.
-- A service manager that starts it over and over may.
CREATE USER bnet_sync IDENTIFIED BY &password_of_bnet_sync;

GRANT CREATE SESSION TO bnet_sync;

GRANT SELECT ON ISMP.IF_BNET_CUST TO bnet_sync;
GRANT SELECT ON ISMP.IF_BNET_CUST_ATTR TO bnet_sync;
GRANT SELECT ON ISMP.IF_BNET_ACCOUNT TO bnet_sync;
GRANT SELECT ON ISMP.IF_BNET_ACCOUNT_ATTR TO bnet_sync;

-- Updates lock rows. The locks of a client that died silently (its machine or its network is gone) stay until the
-- server notices: set SQLNET.EXPIRE_TIME (in minutes, such as 10) in the server's sqlnet.ora, otherwise that may take
-- hours.
GRANT UPDATE (State, StateDate, ErrContent) ON ISMP.IF_BNET_CUST TO bnet_sync;
GRANT UPDATE (State, StateDate, ErrContent) ON ISMP.IF_BNET_ACCOUNT TO bnet_sync;

-- Not needed with middle.markAttributes: false.
GRANT UPDATE (State, StateDate) ON ISMP.IF_BNET_CUST_ATTR TO bnet_sync;
GRANT UPDATE (State, StateDate) ON ISMP.IF_BNET_ACCOUNT_ATTR TO bnet_sync;
