-- What is asked of the interface tables by hand. The numbers '1141' and '200003' stand for a StreamingNo and a
-- CustID of yours; they are text here, so keep the quotes. Everything but the last query only reads.

-- Failed rows, newest first.
SELECT 'IF_BNET_CUST' AS table_name, StreamingNo, OPFlag, ProductID, CustID, BizID, NULL AS UserID, StateDate, ErrContent
FROM IF_BNET_CUST WHERE State = 3
UNION ALL
SELECT 'IF_BNET_ACCOUNT', StreamingNo, OPFlag, ProductID, CustID, BizID, UserID, StateDate, ErrContent
FROM IF_BNET_ACCOUNT WHERE State = 3
ORDER BY StateDate DESC, StreamingNo DESC LIMIT 100;

-- Failures by code, with the newest text of each (SQLite takes ErrContent from the row that has the maximum).
SELECT substr(ErrContent, 1, 5) AS code, count(*) AS failures, max(StateDate) AS newest, ErrContent AS newest_text
FROM (SELECT ErrContent, StateDate FROM IF_BNET_CUST WHERE State = 3
      UNION ALL SELECT ErrContent, StateDate FROM IF_BNET_ACCOUNT WHERE State = 3)
GROUP BY substr(ErrContent, 1, 5) ORDER BY failures DESC;

-- Rows in State 1 (processing), longest first. More than a few seconds without a running worker: a worker stopped in the
-- middle. The next one takes them over; there is nothing to reset by hand.
SELECT 'IF_BNET_CUST' AS table_name, StreamingNo, CustID, StateDate,
       unixepoch('now') - unixepoch(StateDate) AS in_hand_for_seconds
FROM IF_BNET_CUST WHERE State = 1
UNION ALL
SELECT 'IF_BNET_ACCOUNT', StreamingNo, CustID, StateDate, unixepoch('now') - unixepoch(StateDate)
FROM IF_BNET_ACCOUNT WHERE State = 1
ORDER BY StateDate;

-- Oldest pending rows (State 0), in the order in which they are taken.
SELECT table_name, StreamingNo, OPFlag, CustID, CreateDate,
       unixepoch('now') - unixepoch(CreateDate) AS waiting_for_seconds
FROM (SELECT 'IF_BNET_CUST' AS table_name, StreamingNo, OPFlag, CustID, CreateDate FROM IF_BNET_CUST WHERE State = 0
      UNION ALL
      SELECT 'IF_BNET_ACCOUNT', StreamingNo, OPFlag, CustID, CreateDate FROM IF_BNET_ACCOUNT WHERE State = 0)
ORDER BY CreateDate, length(StreamingNo), StreamingNo LIMIT 20;

-- StreamingNos that stand more than once, possible where a table has no primary key. They end in State 3 (00404).
SELECT 'IF_BNET_CUST' AS table_name, StreamingNo, count(*) AS rows FROM IF_BNET_CUST
WHERE StreamingNo IS NOT NULL GROUP BY StreamingNo HAVING count(*) > 1
UNION ALL
SELECT 'IF_BNET_ACCOUNT', StreamingNo, count(*) FROM IF_BNET_ACCOUNT
WHERE StreamingNo IS NOT NULL GROUP BY StreamingNo HAVING count(*) > 1;

-- Rows without a StreamingNo, which no worker can process: nothing identifies them in an update.
SELECT 'IF_BNET_CUST' AS table_name, OPFlag, ProductID, CustID, BizID, NULL AS UserID, CreateDate, State
FROM IF_BNET_CUST WHERE StreamingNo IS NULL
UNION ALL
SELECT 'IF_BNET_ACCOUNT', OPFlag, ProductID, CustID, BizID, UserID, CreateDate, State
FROM IF_BNET_ACCOUNT WHERE StreamingNo IS NULL;

-- All rows of a customer, in order, with the attributes that came with them.
SELECT table_name, StreamingNo, OPFlag, ProductID, BizID, UserID, CreateDate, State, StateDate, ErrContent,
       CASE table_name
         WHEN 'IF_BNET_CUST' THEN (SELECT group_concat(AttrSpecID || '=' || COALESCE(AttrValue, ''), ', ')
                                   FROM IF_BNET_CUST_ATTR AS a WHERE a.StreamingNo = entry.StreamingNo)
         ELSE (SELECT group_concat(AttrSpecID || '=' || COALESCE(AttrValue, ''), ', ')
               FROM IF_BNET_ACCOUNT_ATTR AS a WHERE a.StreamingNo = entry.StreamingNo)
       END AS attributes
FROM (SELECT 'IF_BNET_CUST' AS table_name, 0 AS table_order, StreamingNo, OPFlag, ProductID, BizID, NULL AS UserID,
             CreateDate, State, StateDate, ErrContent
      FROM IF_BNET_CUST WHERE CustID = '200003'
      UNION ALL
      SELECT 'IF_BNET_ACCOUNT', 1, StreamingNo, OPFlag, ProductID, BizID, UserID, CreateDate, State, StateDate, ErrContent
      FROM IF_BNET_ACCOUNT WHERE CustID = '200003') AS entry
ORDER BY CreateDate, length(StreamingNo), StreamingNo, table_order;

-- Put one failed row back to State 0, with its attribute rows, as "bnet-sync requeue" does: run all four statements.
-- The first update must change one row; none: it was not in State 3. For a user's row use IF_BNET_ACCOUNT and
-- IF_BNET_ACCOUNT_ATTR.
BEGIN IMMEDIATE;
UPDATE IF_BNET_CUST SET State = 0, ErrContent = NULL, StateDate = max(datetime('now'), COALESCE(StateDate, ''))
WHERE StreamingNo = '1141' AND State = 3;
UPDATE IF_BNET_CUST_ATTR SET State = 0, StateDate = (SELECT StateDate FROM IF_BNET_CUST WHERE StreamingNo = '1141')
WHERE StreamingNo = '1141' AND changes() > 0;
COMMIT;
