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

-- The rows of a customer, in order: for the console, "bnet-sync show" and people (queries.sql), and for the poll while one
-- of the two tables is paused.
CREATE INDEX if_bnet_cust_customer ON IF_BNET_CUST (CustID, CreateDate, StreamingNo);
CREATE INDEX if_bnet_account_customer ON IF_BNET_ACCOUNT (CustID, CreateDate, StreamingNo);

-- Failed rows, those that failed last first: for the console and "bnet-sync failed", which read a page of them whatever the
-- tables hold. The worker works without. Both expressions are NULL for all other rows, and Oracle leaves out what is NULL
-- throughout: the index has entries for failed rows alone, stays small, and costs nothing where rows succeed. Statements
-- are matched by these very expressions: write CASE State WHEN 3, and not CASE WHEN State = 3, which servers store in two ways.
CREATE INDEX if_bnet_cust_failed ON IF_BNET_CUST
  (CASE State WHEN 3 THEN StateDate END, CASE State WHEN 3 THEN StreamingNo END);
CREATE INDEX if_bnet_account_failed ON IF_BNET_ACCOUNT
  (CASE State WHEN 3 THEN StateDate END, CASE State WHEN 3 THEN StreamingNo END);

-- Only where middle.productIds is set, and rows of other products stay in State 0 for long: each poll reads those that stand in
-- front of ours. "bnet-sync doctor" counts them and advises this index where there are many; with it they are not read.
-- CREATE INDEX if_bnet_cust_product ON IF_BNET_CUST (ProductID, State, CreateDate, StreamingNo);
-- CREATE INDEX if_bnet_account_product ON IF_BNET_ACCOUNT (ProductID, State, CreateDate, StreamingNo);
-- With several products their open rows are sorted at each poll; all others are still left out.
