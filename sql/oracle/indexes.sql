-- Indexes that bnet-sync wants on the interface tables. Run it as the owner of the tables. On tables in use put ONLINE
-- at the end of each statement (Enterprise Edition only): without it nobody can change the table meanwhile.

-- The poll: the head of States 0 and 1 in order, a missing CreateDate first, without a sort and whatever the number of
-- finished rows. Each branch of the poll asks for one State, and for the rows without a CreateDate or for those with
-- one: a range of this index, which stands in the order that is wanted, and which ROWNUM leaves as soon as the page is
-- full. Finished rows stand elsewhere in the index and are not read. Rows without a CreateDate are in it, too, because
-- they have a State.
CREATE INDEX if_bnet_cust_poll ON IF_BNET_CUST (State, CreateDate, StreamingNo);
CREATE INDEX if_bnet_account_poll ON IF_BNET_ACCOUNT (State, CreateDate, StreamingNo);

-- Attribute rows are read, and follow the State of their row, by its StreamingNo.
CREATE INDEX if_bnet_cust_attr_row ON IF_BNET_CUST_ATTR (StreamingNo);
CREATE INDEX if_bnet_account_attr_row ON IF_BNET_ACCOUNT_ATTR (StreamingNo);

-- For people who look up a customer (queries.sql); bnet-sync works without.
CREATE INDEX if_bnet_cust_customer ON IF_BNET_CUST (CustID);
CREATE INDEX if_bnet_account_customer ON IF_BNET_ACCOUNT (CustID);
