-- Indexes that bnet-sync wants on the interface tables.

-- The poll: the head of States 0 and 1 in order, without a sort. Numbers are TEXT here: they are ordered by
-- length, then as text.
CREATE INDEX if_bnet_cust_poll ON IF_BNET_CUST (State, CreateDate, length(StreamingNo), StreamingNo);
CREATE INDEX if_bnet_account_poll ON IF_BNET_ACCOUNT (State, CreateDate, length(StreamingNo), StreamingNo);

-- Attribute rows are read, and follow the State of their row, by its StreamingNo.
CREATE INDEX if_bnet_cust_attr_row ON IF_BNET_CUST_ATTR (StreamingNo);
CREATE INDEX if_bnet_account_attr_row ON IF_BNET_ACCOUNT_ATTR (StreamingNo);

-- For people who look up a customer (queries.sql); bnet-sync works without.
CREATE INDEX if_bnet_cust_customer ON IF_BNET_CUST (CustID);
CREATE INDEX if_bnet_account_customer ON IF_BNET_ACCOUNT (CustID);
