-- Indexes that bnet-sync wants on the interface tables.

-- The poll: the head of States 0 and 1 in order, without a sort. Numbers are TEXT here: they are ordered by
-- length, then as text.
CREATE INDEX if_bnet_cust_poll ON IF_BNET_CUST (State, CreateDate, length(StreamingNo), StreamingNo);
CREATE INDEX if_bnet_account_poll ON IF_BNET_ACCOUNT (State, CreateDate, length(StreamingNo), StreamingNo);

-- Attribute rows are read, and follow the State of their row, by its StreamingNo.
CREATE INDEX if_bnet_cust_attr_row ON IF_BNET_CUST_ATTR (StreamingNo);
CREATE INDEX if_bnet_account_attr_row ON IF_BNET_ACCOUNT_ATTR (StreamingNo);

-- The rows of a customer, in order: for the console, "bnet-sync show" and people (queries.sql), and for the poll while one
-- of the two tables is paused.
CREATE INDEX if_bnet_cust_customer ON IF_BNET_CUST (CustID, CreateDate, length(StreamingNo), StreamingNo);
CREATE INDEX if_bnet_account_customer ON IF_BNET_ACCOUNT (CustID, CreateDate, length(StreamingNo), StreamingNo);

-- Failed rows, those that failed last first: for the console and "bnet-sync failed", which read a page of them whatever the
-- tables hold. The worker works without. It has entries for failed rows alone.
CREATE INDEX if_bnet_cust_failed ON IF_BNET_CUST (StateDate, length(StreamingNo), StreamingNo) WHERE State = 3;
CREATE INDEX if_bnet_account_failed ON IF_BNET_ACCOUNT (StateDate, length(StreamingNo), StreamingNo) WHERE State = 3;

-- Only where middle.productIds is set, and rows of other products stay in State 0 for long: each poll reads those that stand in
-- front of ours. "bnet-sync doctor" counts them and advises this index where there are many; with it they are not read.
-- CREATE INDEX if_bnet_cust_product ON IF_BNET_CUST (ProductID, State, CreateDate, length(StreamingNo), StreamingNo);
-- CREATE INDEX if_bnet_account_product ON IF_BNET_ACCOUNT (ProductID, State, CreateDate, length(StreamingNo), StreamingNo);
