-- What bnet-sync sends to Oracle, for a DBA to read and to EXPLAIN. Those about IF_BNET_CUST are shown, for middle.schema
-- ISMP and one product; those about IF_BNET_ACCOUNT differ in names alone. This file is written by a test:
-- npx vitest run test/unit/middle -u

-- The poll: the head of both tables, States 0 and 1, in one snapshot. `:excluded1` holds the customers in hand,
-- `,990947809,990947810,`: texts of at most 4000 bytes, one or more as they are needed.
SELECT page.*, TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') AS "now" FROM (
  SELECT * FROM (
    SELECT * FROM (
      SELECT 'CUST' AS "source", 0 AS "source_order", t.StreamingNo AS "streaming_no",
        TO_CHAR(t.CustID) AS "cust_id", TO_CHAR(t.ProductID) AS "product_id", t.BizID AS "biz_id",
        NULL AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "state_date"
      FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 0 AND t.CreateDate IS NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID) || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT 'CUST' AS "source", 0 AS "source_order", t.StreamingNo AS "streaming_no",
        TO_CHAR(t.CustID) AS "cust_id", TO_CHAR(t.ProductID) AS "product_id", t.BizID AS "biz_id",
        NULL AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "state_date"
      FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 0 AND t.CreateDate IS NOT NULL
        AND t.StreamingNo IS NOT NULL
        AND t.CreateDate <= SYSDATE - NUMTODSINTERVAL(2, 'SECOND')
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID) || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT 'CUST' AS "source", 0 AS "source_order", t.StreamingNo AS "streaming_no",
        TO_CHAR(t.CustID) AS "cust_id", TO_CHAR(t.ProductID) AS "product_id", t.BizID AS "biz_id",
        NULL AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "state_date"
      FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 1 AND t.CreateDate IS NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID) || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT 'CUST' AS "source", 0 AS "source_order", t.StreamingNo AS "streaming_no",
        TO_CHAR(t.CustID) AS "cust_id", TO_CHAR(t.ProductID) AS "product_id", t.BizID AS "biz_id",
        NULL AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "state_date"
      FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 1 AND t.CreateDate IS NOT NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID) || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT 'ACCOUNT' AS "source", 1 AS "source_order", t.StreamingNo AS "streaming_no",
        TO_CHAR(t.CustID) AS "cust_id", TO_CHAR(t.ProductID) AS "product_id", t.BizID AS "biz_id",
        t.UserID AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "state_date"
      FROM ISMP.IF_BNET_ACCOUNT t
      WHERE t.State = 0 AND t.CreateDate IS NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID) || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT 'ACCOUNT' AS "source", 1 AS "source_order", t.StreamingNo AS "streaming_no",
        TO_CHAR(t.CustID) AS "cust_id", TO_CHAR(t.ProductID) AS "product_id", t.BizID AS "biz_id",
        t.UserID AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "state_date"
      FROM ISMP.IF_BNET_ACCOUNT t
      WHERE t.State = 0 AND t.CreateDate IS NOT NULL
        AND t.StreamingNo IS NOT NULL
        AND t.CreateDate <= SYSDATE - NUMTODSINTERVAL(2, 'SECOND')
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID) || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT 'ACCOUNT' AS "source", 1 AS "source_order", t.StreamingNo AS "streaming_no",
        TO_CHAR(t.CustID) AS "cust_id", TO_CHAR(t.ProductID) AS "product_id", t.BizID AS "biz_id",
        t.UserID AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "state_date"
      FROM ISMP.IF_BNET_ACCOUNT t
      WHERE t.State = 1 AND t.CreateDate IS NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID) || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT 'ACCOUNT' AS "source", 1 AS "source_order", t.StreamingNo AS "streaming_no",
        TO_CHAR(t.CustID) AS "cust_id", TO_CHAR(t.ProductID) AS "product_id", t.BizID AS "biz_id",
        t.UserID AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "state_date"
      FROM ISMP.IF_BNET_ACCOUNT t
      WHERE t.State = 1 AND t.CreateDate IS NOT NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID) || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
  ) ORDER BY "create_date" NULLS FIRST, "streaming_no", "source_order"
) page WHERE ROWNUM <= :maxRows;

-- The claim, executed as a batch, one round trip for all rows of a page; then their attribute rows, and COMMIT.
UPDATE ISMP.IF_BNET_CUST t
SET t.State = 1, t.StateDate = GREATEST(SYSDATE, GREATEST(
  NVL(t.StateDate + INTERVAL '1' SECOND, SYSDATE),
  NVL(TO_DATE(:newest, 'YYYY-MM-DD HH24:MI:SS') + INTERVAL '1' SECOND, SYSDATE)))
WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND t.State = 0 AND t.ProductID IN (323002000);

UPDATE ISMP.IF_BNET_CUST_ATTR t
SET (State, StateDate) = (SELECT MAX(m.State), MAX(m.StateDate) FROM ISMP.IF_BNET_CUST m
  WHERE m.StreamingNo = t.StreamingNo AND m.State IN (1))
WHERE t.StreamingNo = TO_NUMBER(:streamingNo);

-- What was claimed is read, with the attribute rows, in lists of 1, 10, 50, 100, 200, 500 or 1000 numbers.
SELECT t.StreamingNo AS "StreamingNo",
  t.ProductID AS "ProductID",
  t.BizID AS "BizID",
  t.AreaCode AS "AreaCode",
  t.CustID AS "CustID",
  t.OPFlag AS "OPFlag",
  t.CustAccount AS "CustAccount",
  t.CustName AS "CustName",
  t.State AS "State",
  TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "CreateDate",
  TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "StateDate"
FROM ISMP.IF_BNET_CUST t
WHERE t.StreamingNo IN (TO_NUMBER(:n1)) AND t.ProductID IN (323002000);

SELECT t.StreamingNo AS "StreamingNo", t.CustAttrID AS "AttrID", t.AttrSpecID AS "AttrSpecID",
  t.AttrValue AS "AttrValue"
FROM ISMP.IF_BNET_CUST_ATTR t
WHERE t.StreamingNo IN (TO_NUMBER(:n1));

-- The marks, executed as a batch; then their attribute rows, and COMMIT.
UPDATE ISMP.IF_BNET_CUST t
SET t.State = :state, t.ErrContent = :errContent, t.StateDate = GREATEST(SYSDATE, TO_DATE(:attempt, 'YYYY-MM-DD HH24:MI:SS'))
WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND t.State = 1
  AND t.StateDate = TO_DATE(:attempt, 'YYYY-MM-DD HH24:MI:SS') AND t.ProductID IN (323002000);

UPDATE ISMP.IF_BNET_CUST_ATTR t
SET (State, StateDate) = (SELECT MAX(m.State), MAX(m.StateDate) FROM ISMP.IF_BNET_CUST m
  WHERE m.StreamingNo = t.StreamingNo AND m.State IN (2, 3))
WHERE t.StreamingNo = TO_NUMBER(:streamingNo);

-- "bnet-sync requeue".
UPDATE ISMP.IF_BNET_CUST t
SET t.State = 0, t.ErrContent = NULL, t.StateDate = GREATEST(SYSDATE, NVL(t.StateDate, SYSDATE))
WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND t.State = 3 AND t.ProductID IN (323002000);
