-- Indexes that bnet-sync wants on the interface tables. Create them with CONCURRENTLY on tables in use.

-- The poll: the head of States 0 and 1 in order, a missing CreateDate first, without a sort and whatever the
-- number of finished rows. NULLS FIRST is needed: with the default the server reads and sorts every open row.
CREATE INDEX if_bnet_cust_poll ON IF_BNET_CUST (State, CreateDate NULLS FIRST, StreamingNo);
CREATE INDEX if_bnet_account_poll ON IF_BNET_ACCOUNT (State, CreateDate NULLS FIRST, StreamingNo);

-- Attribute rows are read, and follow the State of their row, by its StreamingNo.
CREATE INDEX if_bnet_cust_attr_row ON IF_BNET_CUST_ATTR (StreamingNo);
CREATE INDEX if_bnet_account_attr_row ON IF_BNET_ACCOUNT_ATTR (StreamingNo);

-- For people who look up a customer (queries.sql); bnet-sync works without.
CREATE INDEX if_bnet_cust_customer ON IF_BNET_CUST (CustID);
CREATE INDEX if_bnet_account_customer ON IF_BNET_ACCOUNT (CustID);
