-- What bnet-sync sends to Oracle, for a DBA to read and to EXPLAIN. Those about IF_BNET_CUST are shown, for middle.schema
-- ISMP and one product; those about IF_BNET_ACCOUNT differ in names alone. This file is written by a test:
-- npx vitest run test/unit/middle -u

-- The poll: the head of both tables, States 0 and 1, in one snapshot. `:excluded1` holds the customers in flight,
-- `,990947809,990947810,`: texts of at most 4000 bytes, one or more as they are needed.
SELECT /*+ CURSOR_SHARING_EXACT */ page.*, TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') AS "now", CASE page."source" WHEN 'CUST' THEN (SELECT COUNT(*) FROM ISMP.IF_BNET_CUST_ATTR x WHERE x.StreamingNo = page."streaming_no" AND ROWNUM <= :mostAttributes) WHEN 'ACCOUNT' THEN (SELECT COUNT(*) FROM ISMP.IF_BNET_ACCOUNT_ATTR x WHERE x.StreamingNo = page."streaming_no" AND ROWNUM <= :mostAttributes) END AS "attributes" FROM (
  SELECT * FROM (
    SELECT * FROM (
      SELECT /*+ INDEX_RS_ASC(t (State CreateDate StreamingNo) (ProductID State CreateDate StreamingNo)) */ 'CUST' AS "source", 0 AS "source_order", t.StreamingNo AS "streaming_no",
        t.CustID AS "cust_id", t.ProductID AS "product_id", t.BizID AS "biz_id",
        NULL AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "state_date"
      FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 0 AND t.CreateDate IS NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID, 'TM9', 'NLS_NUMERIC_CHARACTERS = ''.,''') || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT /*+ INDEX_RS_ASC(t (State CreateDate StreamingNo) (ProductID State CreateDate StreamingNo)) */ 'CUST' AS "source", 0 AS "source_order", t.StreamingNo AS "streaming_no",
        t.CustID AS "cust_id", t.ProductID AS "product_id", t.BizID AS "biz_id",
        NULL AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "state_date"
      FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 0 AND t.CreateDate IS NOT NULL
        AND t.StreamingNo IS NOT NULL
        AND t.CreateDate <= SYSDATE - NUMTODSINTERVAL(2, 'SECOND')
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID, 'TM9', 'NLS_NUMERIC_CHARACTERS = ''.,''') || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT /*+ INDEX_RS_ASC(t (State CreateDate StreamingNo) (ProductID State CreateDate StreamingNo)) */ 'CUST' AS "source", 0 AS "source_order", t.StreamingNo AS "streaming_no",
        t.CustID AS "cust_id", t.ProductID AS "product_id", t.BizID AS "biz_id",
        NULL AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "state_date"
      FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 1 AND t.CreateDate IS NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID, 'TM9', 'NLS_NUMERIC_CHARACTERS = ''.,''') || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT /*+ INDEX_RS_ASC(t (State CreateDate StreamingNo) (ProductID State CreateDate StreamingNo)) */ 'CUST' AS "source", 0 AS "source_order", t.StreamingNo AS "streaming_no",
        t.CustID AS "cust_id", t.ProductID AS "product_id", t.BizID AS "biz_id",
        NULL AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "state_date"
      FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 1 AND t.CreateDate IS NOT NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID, 'TM9', 'NLS_NUMERIC_CHARACTERS = ''.,''') || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT /*+ INDEX_RS_ASC(t (State CreateDate StreamingNo) (ProductID State CreateDate StreamingNo)) */ 'ACCOUNT' AS "source", 1 AS "source_order", t.StreamingNo AS "streaming_no",
        t.CustID AS "cust_id", t.ProductID AS "product_id", t.BizID AS "biz_id",
        t.UserID AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "state_date"
      FROM ISMP.IF_BNET_ACCOUNT t
      WHERE t.State = 0 AND t.CreateDate IS NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID, 'TM9', 'NLS_NUMERIC_CHARACTERS = ''.,''') || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT /*+ INDEX_RS_ASC(t (State CreateDate StreamingNo) (ProductID State CreateDate StreamingNo)) */ 'ACCOUNT' AS "source", 1 AS "source_order", t.StreamingNo AS "streaming_no",
        t.CustID AS "cust_id", t.ProductID AS "product_id", t.BizID AS "biz_id",
        t.UserID AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "state_date"
      FROM ISMP.IF_BNET_ACCOUNT t
      WHERE t.State = 0 AND t.CreateDate IS NOT NULL
        AND t.StreamingNo IS NOT NULL
        AND t.CreateDate <= SYSDATE - NUMTODSINTERVAL(2, 'SECOND')
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID, 'TM9', 'NLS_NUMERIC_CHARACTERS = ''.,''') || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT /*+ INDEX_RS_ASC(t (State CreateDate StreamingNo) (ProductID State CreateDate StreamingNo)) */ 'ACCOUNT' AS "source", 1 AS "source_order", t.StreamingNo AS "streaming_no",
        t.CustID AS "cust_id", t.ProductID AS "product_id", t.BizID AS "biz_id",
        t.UserID AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "state_date"
      FROM ISMP.IF_BNET_ACCOUNT t
      WHERE t.State = 1 AND t.CreateDate IS NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID, 'TM9', 'NLS_NUMERIC_CHARACTERS = ''.,''') || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
    UNION ALL
    SELECT * FROM (
      SELECT /*+ INDEX_RS_ASC(t (State CreateDate StreamingNo) (ProductID State CreateDate StreamingNo)) */ 'ACCOUNT' AS "source", 1 AS "source_order", t.StreamingNo AS "streaming_no",
        t.CustID AS "cust_id", t.ProductID AS "product_id", t.BizID AS "biz_id",
        t.UserID AS "user_id", t.OPFlag AS "op_flag", TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "create_date",
        t.State AS "state", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "state_date"
      FROM ISMP.IF_BNET_ACCOUNT t
      WHERE t.State = 1 AND t.CreateDate IS NOT NULL
        AND t.StreamingNo IS NOT NULL
        AND (INSTRB(:excluded1, CHR(44) || TO_CHAR(t.CustID, 'TM9', 'NLS_NUMERIC_CHARACTERS = ''.,''') || CHR(44)) = 0) AND t.ProductID IN (323002000)
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows
  ) ORDER BY "create_date" NULLS FIRST, "streaming_no", "source_order"
) page WHERE ROWNUM <= :maxRows;

-- The claim first locks the rows of a page that nobody else has locked, then their attribute rows, where there are
-- any: it waits for nobody. Numbers come in lists of 1, 10, 50, 100, 200, 500 or 1000.
SELECT t.StreamingNo AS "StreamingNo", (SELECT COUNT(*) FROM ISMP.IF_BNET_CUST_ATTR x WHERE x.StreamingNo = t.StreamingNo AND ROWNUM <= :mostAttributes) AS "attributes"
FROM ISMP.IF_BNET_CUST t
WHERE t.StreamingNo IN (TO_NUMBER(:n1)) AND (t.State = 0 OR (t.State = 1 AND (t.StateDate IS NULL OR t.StateDate < DATE '0001-01-01'))) AND t.ProductID IN (323002000)
FOR UPDATE OF t.State SKIP LOCKED;

SELECT t.StreamingNo AS "StreamingNo"
FROM ISMP.IF_BNET_CUST_ATTR t
WHERE t.StreamingNo IN (TO_NUMBER(:n1))
FOR UPDATE OF t.State SKIP LOCKED;

-- Only where fewer were locked than asked for: which of them are there all the same.
SELECT t.StreamingNo AS "StreamingNo", (SELECT COUNT(*) FROM ISMP.IF_BNET_CUST_ATTR x WHERE x.StreamingNo = t.StreamingNo AND ROWNUM <= :mostAttributes) AS "attributes"
FROM ISMP.IF_BNET_CUST t
WHERE t.StreamingNo IN (TO_NUMBER(:n1)) AND (t.State = 0 OR (t.State = 1 AND (t.StateDate IS NULL OR t.StateDate < DATE '0001-01-01'))) AND t.ProductID IN (323002000);

-- Then it changes them, as a batch, one round trip for all rows of a page; then their attribute rows, and COMMIT.
UPDATE ISMP.IF_BNET_CUST t
SET t.State = 1, t.StateDate = GREATEST(SYSDATE, GREATEST(
  CASE WHEN t.StateDate >= DATE '0001-01-01' AND t.StateDate <= SYSDATE + 1 THEN CAST(t.StateDate AS DATE) + INTERVAL '1' SECOND ELSE SYSDATE END,
  NVL(TO_DATE(:after, 'YYYY-MM-DD HH24:MI:SS') + INTERVAL '1' SECOND, SYSDATE)))
WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND t.State = :expects AND (t.State = 0 OR (t.State = 1 AND (t.StateDate IS NULL OR t.StateDate < DATE '0001-01-01'))) AND t.ProductID IN (323002000);

UPDATE ISMP.IF_BNET_CUST_ATTR t
SET (State, StateDate) = (SELECT MAX(m.State), MAX(m.StateDate) FROM ISMP.IF_BNET_CUST m
  WHERE m.StreamingNo = t.StreamingNo AND m.State IN (1))
WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND EXISTS (SELECT 1 FROM ISMP.IF_BNET_CUST m
  WHERE m.StreamingNo = t.StreamingNo AND m.State IN (1));

-- What was claimed is read, with the attribute rows.
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
  CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "StateDate"
FROM ISMP.IF_BNET_CUST t
WHERE t.StreamingNo IN (TO_NUMBER(:n1)) AND t.ProductID IN (323002000);

SELECT t.StreamingNo AS "StreamingNo", t.CustAttrID AS "AttrID", t.AttrSpecID AS "AttrSpecID",
  t.AttrValue AS "AttrValue"
FROM ISMP.IF_BNET_CUST_ATTR t
WHERE t.StreamingNo IN (TO_NUMBER(:n1));

-- The marks: the locks in the same way, rows and attribute rows.
SELECT t.StreamingNo AS "StreamingNo", (SELECT COUNT(*) FROM ISMP.IF_BNET_CUST_ATTR x WHERE x.StreamingNo = t.StreamingNo AND ROWNUM <= :mostAttributes) AS "attributes"
FROM ISMP.IF_BNET_CUST t
WHERE t.StreamingNo IN (TO_NUMBER(:n1)) AND t.State = 1 AND t.ProductID IN (323002000)
FOR UPDATE OF t.State SKIP LOCKED;

-- Then the rows, as a batch; then their attribute rows, and COMMIT.
UPDATE ISMP.IF_BNET_CUST t
SET t.State = :state, t.ErrContent = :errContent, t.StateDate = CASE WHEN TO_DATE(:attempt, 'YYYY-MM-DD HH24:MI:SS') <= SYSDATE + 1 THEN GREATEST(SYSDATE, TO_DATE(:attempt, 'YYYY-MM-DD HH24:MI:SS')) ELSE SYSDATE END
WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND t.State = 1
  AND CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END = :attempt AND t.ProductID IN (323002000);

UPDATE ISMP.IF_BNET_CUST_ATTR t
SET (State, StateDate) = (SELECT MAX(m.State), MAX(m.StateDate) FROM ISMP.IF_BNET_CUST m
  WHERE m.StreamingNo = t.StreamingNo AND m.State IN (2, 3))
WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND EXISTS (SELECT 1 FROM ISMP.IF_BNET_CUST m
  WHERE m.StreamingNo = t.StreamingNo AND m.State IN (2, 3));

-- Only where a mark changed no row: how the row stands.
SELECT t.StreamingNo AS "StreamingNo", t.State AS "State", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "StateDate"
FROM ISMP.IF_BNET_CUST t
WHERE t.StreamingNo IN (TO_NUMBER(:n1)) AND t.ProductID IN (323002000);

-- Before a worker decides rows of customers that it has taken over: rows in State 1 from before, and the rows finished last,
-- the end of the poll's index for State 2; once more for those without a CreateDate.
SELECT t.StreamingNo AS "StreamingNo", t.CustID AS "CustID", CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "StateDate"
FROM ISMP.IF_BNET_CUST t
WHERE t.State = 1
  AND t.StreamingNo IS NOT NULL
  AND (t.StateDate IS NULL OR t.StateDate < TO_DATE(:claimedUntil, 'YYYY-MM-DD HH24:MI:SS') + INTERVAL '1' SECOND)
  AND CASE WHEN t.CustID = TRUNC(t.CustID) AND ABS(t.CustID) < 1000000000000000000000000000000 THEN MOD(ABS(t.CustID), 64) ELSE 0 END IN (1, 2) AND t.ProductID IN (323002000)
  AND ROWNUM <= :maxRows;

SELECT * FROM (
  SELECT t.StreamingNo AS "StreamingNo", t.CustID AS "CustID", t.ProductID AS "ProductID",
    TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') AS "StateDate"
  FROM (
    SELECT * FROM (
      SELECT /*+ INDEX_RS_DESC(t (State CreateDate StreamingNo)) */ t.StreamingNo, t.CustID, t.ProductID, t.StateDate
      FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 2 AND t.CreateDate IS NOT NULL
      ORDER BY t.CreateDate DESC, t.StreamingNo DESC
    ) WHERE ROWNUM <= :scanRows
  ) t
  WHERE t.StreamingNo IS NOT NULL
    AND t.StateDate IS NOT NULL
    AND t.StateDate >= TO_DATE(:afterDate, 'YYYY-MM-DD HH24:MI:SS') + INTERVAL '1' SECOND
    AND CASE WHEN t.CustID = TRUNC(t.CustID) AND ABS(t.CustID) < 1000000000000000000000000000000 THEN MOD(ABS(t.CustID), 64) ELSE 0 END IN (1, 2) AND t.ProductID IN (323002000)
  ORDER BY t.StateDate DESC
) WHERE ROWNUM <= :maxRows;

-- "bnet-sync requeue".
UPDATE ISMP.IF_BNET_CUST t
SET t.State = 0, t.ErrContent = NULL, t.StateDate = CASE WHEN t.StateDate <= SYSDATE + 1 THEN GREATEST(SYSDATE, CAST(t.StateDate AS DATE)) ELSE SYSDATE END
WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND t.State = 3 AND t.ProductID IN (323002000);

-- With --matching: only rows that failed until the action began.
UPDATE ISMP.IF_BNET_CUST t
SET t.State = 0, t.ErrContent = NULL, t.StateDate = CASE WHEN TO_DATE(:failedUntil, 'YYYY-MM-DD HH24:MI:SS') <= SYSDATE + 1 THEN GREATEST(SYSDATE, TO_DATE(:failedUntil, 'YYYY-MM-DD HH24:MI:SS')) ELSE SYSDATE END
WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND t.State = 3
  AND (t.StateDate IS NULL OR t.StateDate < TO_DATE(:failedUntil, 'YYYY-MM-DD HH24:MI:SS') + INTERVAL '1' SECOND) AND t.ProductID IN (323002000);

-- Failed rows, for the console and "bnet-sync failed", in up to three ranges of the index of failed rows: the rest of
-- those that failed at one moment, those before, those without a StateDate. At most `:scan` rows are read of each.
SELECT /*+ CURSOR_SHARING_EXACT */ t.StreamingNo AS "StreamingNo",
  t.ProductID AS "ProductID",
  t.BizID AS "BizID",
  t.AreaCode AS "AreaCode",
  t.CustID AS "CustID",
  t.OPFlag AS "OPFlag",
  t.CustAccount AS "CustAccount",
  t.CustName AS "CustName",
  t.ErrContent AS "ErrContent",
  t.Remark AS "Remark",
  t.State AS "State",
  TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "CreateDate",
  CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "StateDate",
  TO_CHAR(CAST(t.StateDate AS TIMESTAMP(9)), 'YYYY-MM-DD HH24:MI:SS.FF9') AS "exact_date", t.IsMatch AS "is_match", t.NthRead AS "nth_read"
FROM (
  SELECT t.*, CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 ELSE 0 END AS IsMatch
  FROM (
    SELECT t.*, ROWNUM AS NthRead FROM (
      SELECT t.* FROM ISMP.IF_BNET_CUST t
      WHERE CASE t.State WHEN 3 THEN t.StateDate END = TO_DATE(:moment, 'YYYY-MM-DD HH24:MI:SS') AND CASE t.State WHEN 3 THEN t.StreamingNo END < TO_NUMBER(:below)
      ORDER BY CASE t.State WHEN 3 THEN t.StateDate END DESC, CASE t.State WHEN 3 THEN t.StreamingNo END DESC
    ) t WHERE ROWNUM <= :scan
  ) t
) t
WHERE (t.IsMatch = 1 OR t.NthRead = :scan) AND ROWNUM <= :maxRows;

SELECT /*+ CURSOR_SHARING_EXACT */ t.StreamingNo AS "StreamingNo",
  t.ProductID AS "ProductID",
  t.BizID AS "BizID",
  t.AreaCode AS "AreaCode",
  t.CustID AS "CustID",
  t.OPFlag AS "OPFlag",
  t.CustAccount AS "CustAccount",
  t.CustName AS "CustName",
  t.ErrContent AS "ErrContent",
  t.Remark AS "Remark",
  t.State AS "State",
  TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "CreateDate",
  CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "StateDate",
  TO_CHAR(CAST(t.StateDate AS TIMESTAMP(9)), 'YYYY-MM-DD HH24:MI:SS.FF9') AS "exact_date", t.IsMatch AS "is_match", t.NthRead AS "nth_read"
FROM (
  SELECT t.*, CASE WHEN 1 = 1 AND CASE WHEN REGEXP_LIKE(t.ErrContent, '^[0-9]{5}([^0-9]|$)') THEN SUBSTR(t.ErrContent, 1, 5) END = :code AND t.ProductID = TO_NUMBER(:productId) AND t.CustID = TO_NUMBER(:custId) AND t.OPFlag = :opFlag AND (INSTR(t.ErrContent, :text) > 0 OR INSTR(t.CustName, :text) > 0) AND t.ProductID IN (323002000) THEN 1 ELSE 0 END AS IsMatch
  FROM (
    SELECT t.*, ROWNUM AS NthRead FROM (
      SELECT t.* FROM ISMP.IF_BNET_CUST t
      WHERE CASE t.State WHEN 3 THEN t.StateDate END < TO_DATE(:before, 'YYYY-MM-DD HH24:MI:SS') AND CASE t.State WHEN 3 THEN t.StateDate END >= TO_DATE(:since, 'YYYY-MM-DD HH24:MI:SS')
        AND CASE t.State WHEN 3 THEN t.StreamingNo END IS NOT NULL
      ORDER BY CASE t.State WHEN 3 THEN t.StateDate END DESC, CASE t.State WHEN 3 THEN t.StreamingNo END DESC
    ) t WHERE ROWNUM <= :scan
  ) t
) t
WHERE (t.IsMatch = 1 OR t.NthRead = :scan) AND ROWNUM <= :maxRows;

SELECT /*+ CURSOR_SHARING_EXACT */ t.StreamingNo AS "StreamingNo",
  t.ProductID AS "ProductID",
  t.BizID AS "BizID",
  t.AreaCode AS "AreaCode",
  t.CustID AS "CustID",
  t.OPFlag AS "OPFlag",
  t.CustAccount AS "CustAccount",
  t.CustName AS "CustName",
  t.ErrContent AS "ErrContent",
  t.Remark AS "Remark",
  t.State AS "State",
  TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "CreateDate",
  CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "StateDate",
  TO_CHAR(CAST(t.StateDate AS TIMESTAMP(9)), 'YYYY-MM-DD HH24:MI:SS.FF9') AS "exact_date", t.IsMatch AS "is_match", t.NthRead AS "nth_read"
FROM (
  SELECT t.*, CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 ELSE 0 END AS IsMatch
  FROM (
    SELECT t.*, ROWNUM AS NthRead FROM (
      SELECT t.* FROM ISMP.IF_BNET_CUST t
      WHERE CASE t.State WHEN 3 THEN t.StateDate END IS NULL AND CASE t.State WHEN 3 THEN t.StreamingNo END < TO_NUMBER(:below)
      ORDER BY CASE t.State WHEN 3 THEN t.StateDate END DESC, CASE t.State WHEN 3 THEN t.StreamingNo END DESC
    ) t WHERE ROWNUM <= :scan
  ) t
) t
WHERE (t.IsMatch = 1 OR t.NthRead = :scan) AND ROWNUM <= :maxRows;

-- Failures by code, among those that failed last.
SELECT /*+ CURSOR_SHARING_EXACT */ t.StreamingNo AS "StreamingNo",
  t.ProductID AS "ProductID",
  t.BizID AS "BizID",
  t.AreaCode AS "AreaCode",
  t.CustID AS "CustID",
  t.OPFlag AS "OPFlag",
  t.CustAccount AS "CustAccount",
  t.CustName AS "CustName",
  t.ErrContent AS "ErrContent",
  t.Remark AS "Remark",
  t.State AS "State",
  TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "CreateDate",
  CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "StateDate",
  t.IsMatch AS "is_match", t.FoundCode AS "found_code", t.InCode AS "in_code"
FROM (
  SELECT t.*, COUNT(*) OVER (PARTITION BY t.IsMatch, t.FoundCode) AS InCode,
    ROW_NUMBER() OVER (PARTITION BY t.IsMatch, t.FoundCode ORDER BY t.NthRead) AS NthOfCode
  FROM (
    SELECT t.*, CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 ELSE 0 END AS IsMatch, CASE WHEN REGEXP_LIKE(t.ErrContent, '^[0-9]{5}([^0-9]|$)') THEN SUBSTR(t.ErrContent, 1, 5) END AS FoundCode
    FROM (
    SELECT t.*, ROWNUM AS NthRead FROM (
      SELECT t.* FROM ISMP.IF_BNET_CUST t
      WHERE CASE t.State WHEN 3 THEN t.StateDate END < TO_DATE(:before, 'YYYY-MM-DD HH24:MI:SS') AND CASE t.State WHEN 3 THEN t.StateDate END >= TO_DATE(:since, 'YYYY-MM-DD HH24:MI:SS')
        AND CASE t.State WHEN 3 THEN t.StreamingNo END IS NOT NULL
      ORDER BY CASE t.State WHEN 3 THEN t.StateDate END DESC, CASE t.State WHEN 3 THEN t.StreamingNo END DESC
    ) t WHERE ROWNUM <= :scan
  ) t
  ) t
) t
WHERE t.NthOfCode = 1;

-- Rows by table and State, counted up to a limit.
SELECT 'CUST' AS "source", 0 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_CUST t
  WHERE t.State = 0 AND ROWNUM <= :most) t
UNION ALL
SELECT 'CUST' AS "source", 1 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_CUST t
  WHERE t.State = 1 AND ROWNUM <= :most) t
UNION ALL
SELECT 'CUST' AS "source", 2 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_CUST t
  WHERE t.State = 2 AND ROWNUM <= :most) t
UNION ALL
SELECT 'CUST' AS "source", 3 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_CUST t
  WHERE t.State = 3 AND ROWNUM <= :most) t
UNION ALL
SELECT 'CUST' AS "source", -1 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_CUST t
  WHERE t.State < 0 AND ROWNUM <= :most) t
UNION ALL
SELECT 'CUST' AS "source", -1 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_CUST t
  WHERE t.State > 3 AND ROWNUM <= :most) t
UNION ALL
SELECT 'CUST' AS "source", -1 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_CUST t
  WHERE t.State IS NULL AND t.StreamingNo IS NOT NULL AND ROWNUM <= :most) t
UNION ALL
SELECT 'ACCOUNT' AS "source", 0 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_ACCOUNT t
  WHERE t.State = 0 AND ROWNUM <= :most) t
UNION ALL
SELECT 'ACCOUNT' AS "source", 1 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_ACCOUNT t
  WHERE t.State = 1 AND ROWNUM <= :most) t
UNION ALL
SELECT 'ACCOUNT' AS "source", 2 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_ACCOUNT t
  WHERE t.State = 2 AND ROWNUM <= :most) t
UNION ALL
SELECT 'ACCOUNT' AS "source", 3 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_ACCOUNT t
  WHERE t.State = 3 AND ROWNUM <= :most) t
UNION ALL
SELECT 'ACCOUNT' AS "source", -1 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_ACCOUNT t
  WHERE t.State < 0 AND ROWNUM <= :most) t
UNION ALL
SELECT 'ACCOUNT' AS "source", -1 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_ACCOUNT t
  WHERE t.State > 3 AND ROWNUM <= :most) t
UNION ALL
SELECT 'ACCOUNT' AS "source", -1 AS "state", COUNT(*) AS "looked_at",
  COUNT(CASE WHEN 1 = 1 AND t.ProductID IN (323002000) THEN 1 END) AS "number"
FROM (SELECT t.ProductID FROM ISMP.IF_BNET_ACCOUNT t
  WHERE t.State IS NULL AND t.StreamingNo IS NOT NULL AND ROWNUM <= :most) t;

-- How long the oldest pending row has waited, and which are ahead of the clock; the latter also by a worker, once in ten minutes.
SELECT MAX(CASE WHEN p.changed >= 0 AND (p.created IS NULL OR p.created < 0 OR p.changed < p.created) THEN p.changed
  WHEN p.created >= 0 THEN p.created WHEN p.created < 0 THEN 0 END) AS "age" FROM (
  SELECT * FROM (
    SELECT ROUND((SYSDATE - CAST(t.CreateDate AS DATE)) * 86400) AS created, ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS changed, t.CreateDate AS created_at
    FROM ISMP.IF_BNET_CUST t WHERE t.State = 0 AND t.CreateDate IS NOT NULL AND t.ProductID IN (323002000)
    ORDER BY t.CreateDate, t.StreamingNo
  ) WHERE ROWNUM <= 10000
  UNION ALL
  SELECT * FROM (
    SELECT ROUND((SYSDATE - CAST(t.CreateDate AS DATE)) * 86400) AS created, ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS changed, t.CreateDate AS created_at
    FROM ISMP.IF_BNET_CUST t WHERE t.State = 0 AND t.CreateDate IS NULL AND t.ProductID IN (323002000)
    ORDER BY t.StreamingNo
  ) WHERE ROWNUM <= 10000
  UNION ALL
  SELECT * FROM (
    SELECT ROUND((SYSDATE - CAST(t.CreateDate AS DATE)) * 86400) AS created, ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS changed, t.CreateDate AS created_at
    FROM ISMP.IF_BNET_CUST t WHERE t.State = 0 AND t.CreateDate > SYSDATE AND t.ProductID IN (323002000)
    ORDER BY t.CreateDate DESC, t.StreamingNo DESC
  ) WHERE ROWNUM <= 10000
) p
UNION ALL
SELECT MAX(CASE WHEN p.changed >= 0 AND (p.created IS NULL OR p.created < 0 OR p.changed < p.created) THEN p.changed
  WHEN p.created >= 0 THEN p.created WHEN p.created < 0 THEN 0 END) AS "age" FROM (
  SELECT * FROM (
    SELECT ROUND((SYSDATE - CAST(t.CreateDate AS DATE)) * 86400) AS created, ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS changed, t.CreateDate AS created_at
    FROM ISMP.IF_BNET_ACCOUNT t WHERE t.State = 0 AND t.CreateDate IS NOT NULL AND t.ProductID IN (323002000)
    ORDER BY t.CreateDate, t.StreamingNo
  ) WHERE ROWNUM <= 10000
  UNION ALL
  SELECT * FROM (
    SELECT ROUND((SYSDATE - CAST(t.CreateDate AS DATE)) * 86400) AS created, ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS changed, t.CreateDate AS created_at
    FROM ISMP.IF_BNET_ACCOUNT t WHERE t.State = 0 AND t.CreateDate IS NULL AND t.ProductID IN (323002000)
    ORDER BY t.StreamingNo
  ) WHERE ROWNUM <= 10000
  UNION ALL
  SELECT * FROM (
    SELECT ROUND((SYSDATE - CAST(t.CreateDate AS DATE)) * 86400) AS created, ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS changed, t.CreateDate AS created_at
    FROM ISMP.IF_BNET_ACCOUNT t WHERE t.State = 0 AND t.CreateDate > SYSDATE AND t.ProductID IN (323002000)
    ORDER BY t.CreateDate DESC, t.StreamingNo DESC
  ) WHERE ROWNUM <= 10000
) p;

SELECT COUNT(*) AS "number", -MIN(p.created) AS "ahead", TO_CHAR(MAX(p.created_at), 'YYYY-MM-DD HH24:MI:SS') AS "newest"
FROM (
  SELECT * FROM (
    SELECT ROUND((SYSDATE - CAST(t.CreateDate AS DATE)) * 86400) AS created, ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS changed, t.CreateDate AS created_at
    FROM ISMP.IF_BNET_CUST t WHERE t.State = 0 AND t.CreateDate > SYSDATE AND t.ProductID IN (323002000)
    ORDER BY t.CreateDate DESC, t.StreamingNo DESC
  ) WHERE ROWNUM <= 10000
) p
UNION ALL
SELECT COUNT(*) AS "number", -MIN(p.created) AS "ahead", TO_CHAR(MAX(p.created_at), 'YYYY-MM-DD HH24:MI:SS') AS "newest"
FROM (
  SELECT * FROM (
    SELECT ROUND((SYSDATE - CAST(t.CreateDate AS DATE)) * 86400) AS created, ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS changed, t.CreateDate AS created_at
    FROM ISMP.IF_BNET_ACCOUNT t WHERE t.State = 0 AND t.CreateDate > SYSDATE AND t.ProductID IN (323002000)
    ORDER BY t.CreateDate DESC, t.StreamingNo DESC
  ) WHERE ROWNUM <= 10000
) p;

-- Rows in a State that no worker takes.
SELECT 'CUST' AS "source", TO_CHAR(t.StreamingNo) AS "streaming_no", TO_CHAR(t.State) AS "state"
FROM ISMP.IF_BNET_CUST t WHERE ((t.State < 0) OR (t.State > 3) OR (t.State IS NULL AND t.StreamingNo IS NOT NULL)) AND t.ProductID IN (323002000) AND ROWNUM <= :maxRows
UNION ALL
SELECT 'ACCOUNT' AS "source", TO_CHAR(t.StreamingNo) AS "streaming_no", TO_CHAR(t.State) AS "state"
FROM ISMP.IF_BNET_ACCOUNT t WHERE ((t.State < 0) OR (t.State > 3) OR (t.State IS NULL AND t.StreamingNo IS NOT NULL)) AND t.ProductID IN (323002000) AND ROWNUM <= :maxRows;

-- Attribute rows that came after their row was taken, or belong to none.
SELECT 'CUST' AS "source", n.kind AS "kind", TO_CHAR(n.StreamingNo) AS "streaming_no", n.in_kind AS "number"
FROM (
  SELECT k.*, COUNT(*) OVER (PARTITION BY k.kind) AS in_kind,
    ROW_NUMBER() OVER (PARTITION BY k.kind ORDER BY k.StreamingNo) AS place
  FROM (
    SELECT x.StreamingNo,
      CASE WHEN NOT EXISTS (SELECT 1 FROM ISMP.IF_BNET_CUST t WHERE t.StreamingNo = x.StreamingNo) THEN CASE WHEN NVL(ROUND((SYSDATE - CAST(x.CreateDate AS DATE)) * 86400), 61) > 60 THEN 'orphaned' END
        WHEN EXISTS (SELECT 1 FROM ISMP.IF_BNET_CUST t WHERE t.StreamingNo = x.StreamingNo AND t.State IN (1, 2, 3) AND t.ProductID IN (323002000)
      AND NOT (t.State = 3 AND NVL(t.ErrContent, ' ') LIKE '00403%')) THEN 'late' END AS kind
    FROM (SELECT * FROM (
      SELECT x.StreamingNo, x.State, x.CreateDate FROM ISMP.IF_BNET_CUST_ATTR x
      WHERE x.StreamingNo IS NOT NULL ORDER BY x.StreamingNo DESC
    ) WHERE ROWNUM <= :scan) x
    WHERE NVL(x.State, 0) = 0
  ) k
  WHERE k.kind IS NOT NULL
) n WHERE n.place <= :examples
UNION ALL
SELECT 'ACCOUNT' AS "source", n.kind AS "kind", TO_CHAR(n.StreamingNo) AS "streaming_no", n.in_kind AS "number"
FROM (
  SELECT k.*, COUNT(*) OVER (PARTITION BY k.kind) AS in_kind,
    ROW_NUMBER() OVER (PARTITION BY k.kind ORDER BY k.StreamingNo) AS place
  FROM (
    SELECT x.StreamingNo,
      CASE WHEN NOT EXISTS (SELECT 1 FROM ISMP.IF_BNET_ACCOUNT t WHERE t.StreamingNo = x.StreamingNo) THEN CASE WHEN NVL(ROUND((SYSDATE - CAST(x.CreateDate AS DATE)) * 86400), 61) > 60 THEN 'orphaned' END
        WHEN EXISTS (SELECT 1 FROM ISMP.IF_BNET_ACCOUNT t WHERE t.StreamingNo = x.StreamingNo AND t.State IN (1, 2, 3) AND t.ProductID IN (323002000)
      AND NOT (t.State = 3 AND NVL(t.ErrContent, ' ') LIKE '00403%')) THEN 'late' END AS kind
    FROM (SELECT * FROM (
      SELECT x.StreamingNo, x.State, x.CreateDate FROM ISMP.IF_BNET_ACCOUNT_ATTR x
      WHERE x.StreamingNo IS NOT NULL ORDER BY x.StreamingNo DESC
    ) WHERE ROWNUM <= :scan) x
    WHERE NVL(x.State, 0) = 0
  ) k
  WHERE k.kind IS NOT NULL
) n WHERE n.place <= :examples;

-- Rows in State 1, those that have been there longest first.
SELECT * FROM (
  SELECT t.StreamingNo AS "StreamingNo",
  t.ProductID AS "ProductID",
  t.BizID AS "BizID",
  t.AreaCode AS "AreaCode",
  t.CustID AS "CustID",
  t.OPFlag AS "OPFlag",
  t.CustAccount AS "CustAccount",
  t.CustName AS "CustName",
  t.ErrContent AS "ErrContent",
  t.Remark AS "Remark",
  t.State AS "State",
  TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "CreateDate",
  CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "StateDate",
  ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS "age"
  FROM (
    SELECT * FROM (
      SELECT /*+ INDEX_RS_ASC(t (State CreateDate StreamingNo)) */ t.* FROM ISMP.IF_BNET_CUST t
      WHERE t.State = 1 AND t.StreamingNo IS NOT NULL
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :scan
  ) t
  WHERE 1 = 1 AND t.ProductID IN (323002000)
  ORDER BY t.StateDate NULLS FIRST, t.CreateDate, t.StreamingNo
) WHERE ROWNUM <= :maxRows;

-- Rows of a customer, those with a CreateDate first.
SELECT t.StreamingNo AS "StreamingNo",
  t.ProductID AS "ProductID",
  t.BizID AS "BizID",
  t.AreaCode AS "AreaCode",
  t.CustID AS "CustID",
  t.OPFlag AS "OPFlag",
  t.CustAccount AS "CustAccount",
  t.CustName AS "CustName",
  t.ErrContent AS "ErrContent",
  t.Remark AS "Remark",
  t.State AS "State",
  TO_CHAR(t.CreateDate, 'YYYY-MM-DD HH24:MI:SS') AS "CreateDate",
  CASE WHEN t.StateDate >= DATE '0001-01-01' THEN TO_CHAR(t.StateDate, 'YYYY-MM-DD HH24:MI:SS') END AS "StateDate"
FROM (
  SELECT * FROM (
    SELECT t.* FROM ISMP.IF_BNET_CUST t
    WHERE t.CustID = TO_NUMBER(:custId) AND t.CreateDate IS NOT NULL AND t.StreamingNo IS NOT NULL
    ORDER BY t.CreateDate DESC, t.StreamingNo DESC
  ) WHERE ROWNUM <= :scan
) t
WHERE ROWNUM <= :maxRows AND t.ProductID IN (323002000);
