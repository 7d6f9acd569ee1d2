-- What a DBA asks the interface tables by hand. The numbers 1141 and 200003 stand for a StreamingNo and a CustID
-- of yours. Everything but the last query only reads. As another user than the owner of the tables, say first
-- ALTER SESSION SET CURRENT_SCHEMA = ISMP.

-- Failed rows, newest first.
SELECT 'IF_BNET_CUST' AS table_name, StreamingNo, OPFlag, ProductID, CustID, BizID, NULL AS UserID, StateDate, ErrContent
FROM IF_BNET_CUST WHERE State = 3
UNION ALL
SELECT 'IF_BNET_ACCOUNT', StreamingNo, OPFlag, ProductID, CustID, BizID, UserID, StateDate, ErrContent
FROM IF_BNET_ACCOUNT WHERE State = 3
ORDER BY StateDate DESC NULLS LAST, StreamingNo DESC FETCH FIRST 100 ROWS ONLY;

-- Failures by code, with the newest text of each.
SELECT SUBSTR(ErrContent, 1, 5) AS code, COUNT(*) AS failures, MAX(StateDate) AS newest,
       MAX(ErrContent) KEEP (DENSE_RANK LAST ORDER BY StateDate NULLS FIRST) AS newest_text
FROM (SELECT ErrContent, StateDate FROM IF_BNET_CUST WHERE State = 3
      UNION ALL SELECT ErrContent, StateDate FROM IF_BNET_ACCOUNT WHERE State = 3)
GROUP BY SUBSTR(ErrContent, 1, 5) ORDER BY failures DESC;

-- Rows in State 1 (processing), longest first. More than a few seconds without a running worker: a worker stopped in the
-- middle. The next one takes them over; there is nothing to reset by hand.
SELECT 'IF_BNET_CUST' AS table_name, StreamingNo, CustID, StateDate,
       ROUND((SYSDATE - StateDate) * 86400) AS in_hand_for_seconds
FROM IF_BNET_CUST WHERE State = 1
UNION ALL
SELECT 'IF_BNET_ACCOUNT', StreamingNo, CustID, StateDate, ROUND((SYSDATE - StateDate) * 86400)
FROM IF_BNET_ACCOUNT WHERE State = 1
ORDER BY StateDate NULLS FIRST;

-- Oldest pending rows (State 0), in the order in which they are taken.
SELECT 'IF_BNET_CUST' AS table_name, StreamingNo, OPFlag, CustID, CreateDate,
       ROUND((SYSDATE - CreateDate) * 86400) AS waiting_for_seconds
FROM IF_BNET_CUST WHERE State = 0
UNION ALL
SELECT 'IF_BNET_ACCOUNT', StreamingNo, OPFlag, CustID, CreateDate, ROUND((SYSDATE - CreateDate) * 86400)
FROM IF_BNET_ACCOUNT WHERE State = 0
ORDER BY CreateDate NULLS FIRST, StreamingNo FETCH FIRST 20 ROWS ONLY;

-- StreamingNos that stand more than once, possible where a table has no primary key. They end in State 3 (00404).
SELECT 'IF_BNET_CUST' AS table_name, StreamingNo, COUNT(*) AS row_count FROM IF_BNET_CUST
WHERE StreamingNo IS NOT NULL GROUP BY StreamingNo HAVING COUNT(*) > 1
UNION ALL
SELECT 'IF_BNET_ACCOUNT', StreamingNo, COUNT(*) FROM IF_BNET_ACCOUNT
WHERE StreamingNo IS NOT NULL GROUP BY StreamingNo HAVING COUNT(*) > 1
ORDER BY table_name DESC, StreamingNo;

-- Rows without a StreamingNo, which no worker can process: nothing identifies them in an update.
SELECT 'IF_BNET_CUST' AS table_name, OPFlag, ProductID, CustID, BizID, NULL AS UserID, CreateDate, State
FROM IF_BNET_CUST WHERE StreamingNo IS NULL
UNION ALL
SELECT 'IF_BNET_ACCOUNT', OPFlag, ProductID, CustID, BizID, UserID, CreateDate, State
FROM IF_BNET_ACCOUNT WHERE StreamingNo IS NULL;

-- All rows of a customer, in order, with the attributes that came with them. ORA-01489: the attributes of one row
-- exceed 4000 bytes; leave that column out.
SELECT table_name, StreamingNo, OPFlag, ProductID, BizID, UserID, CreateDate, State, StateDate, ErrContent,
       CASE table_name
         WHEN 'IF_BNET_CUST' THEN (SELECT LISTAGG(AttrSpecID || '=' || AttrValue, ', ') WITHIN GROUP (ORDER BY CustAttrID)
                                   FROM IF_BNET_CUST_ATTR a WHERE a.StreamingNo = entry.StreamingNo)
         ELSE (SELECT LISTAGG(AttrSpecID || '=' || AttrValue, ', ') WITHIN GROUP (ORDER BY AccAttrID)
               FROM IF_BNET_ACCOUNT_ATTR a WHERE a.StreamingNo = entry.StreamingNo)
       END AS attributes
FROM (SELECT 'IF_BNET_CUST' AS table_name, 0 AS table_order, StreamingNo, OPFlag, ProductID, BizID, NULL AS UserID,
             CreateDate, State, StateDate, ErrContent
      FROM IF_BNET_CUST WHERE CustID = 200003
      UNION ALL
      SELECT 'IF_BNET_ACCOUNT', 1, StreamingNo, OPFlag, ProductID, BizID, UserID, CreateDate, State, StateDate, ErrContent
      FROM IF_BNET_ACCOUNT WHERE CustID = 200003) entry
ORDER BY CreateDate NULLS FIRST, StreamingNo, table_order;

-- Put one failed row back to State 0, with its attribute rows, as "bnet-sync requeue" does: run all three statements,
-- one by one. The first update must change one row. 0 rows updated: it was not in State 3, do ROLLBACK. For a user's
-- row use IF_BNET_ACCOUNT and IF_BNET_ACCOUNT_ATTR.
UPDATE IF_BNET_CUST SET State = 0, ErrContent = NULL, StateDate = GREATEST(SYSDATE, NVL(StateDate, SYSDATE))
WHERE StreamingNo = 1141 AND State = 3;
UPDATE IF_BNET_CUST_ATTR SET State = 0, StateDate = (SELECT MAX(StateDate) FROM IF_BNET_CUST WHERE StreamingNo = 1141)
WHERE StreamingNo = 1141 AND EXISTS (SELECT 1 FROM IF_BNET_CUST WHERE StreamingNo = 1141 AND State = 0);
COMMIT;
