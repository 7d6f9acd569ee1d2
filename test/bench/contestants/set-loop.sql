-- The loop that an expert would write by hand inside one database: claims 1,000 rows, writes customers, attributes and
-- journal, marks rows and attributes, commits, and begins again. It knows opens only, checks nothing of the content,
-- looks no old attempt up, and there may be only one of it.
--
-- Lean: attributes are written once, at the mark; their State 1 would be seen by nobody.

CREATE PROCEDURE bench_set_loop(batch integer, worker text, lean boolean) LANGUAGE plpgsql AS $$
DECLARE
  claimed numeric[];
BEGIN
  LOOP
    WITH head AS (
      SELECT StreamingNo FROM IF_BNET_CUST WHERE State = 0
      ORDER BY CreateDate NULLS FIRST, StreamingNo LIMIT batch FOR UPDATE SKIP LOCKED
    ), main AS (
      UPDATE IF_BNET_CUST AS c SET State = 1, StateDate = localtimestamp(0) FROM head
      WHERE c.StreamingNo = head.StreamingNo RETURNING c.StreamingNo
    )
    SELECT array_agg(StreamingNo) INTO claimed FROM main;
    EXIT WHEN claimed IS NULL;

    IF NOT lean THEN
      UPDATE IF_BNET_CUST_ATTR SET State = 1, StateDate = localtimestamp(0) WHERE StreamingNo = ANY (claimed);
    END IF;

    INSERT INTO bnet_customer (product_id, cust_id, biz_id, area_code, cust_account, cust_name, status, opened_at, last_streaming_no)
    SELECT ProductID, CustID, BizID, AreaCode, CustAccount, CustName, 'active', now(), StreamingNo
    FROM IF_BNET_CUST WHERE StreamingNo = ANY (claimed);

    INSERT INTO bnet_customer_attr (product_id, cust_id, biz_id, attr_spec_id, attr_id, attr_value)
    SELECT c.ProductID, c.CustID, c.BizID, a.AttrSpecID, a.CustAttrID, a.AttrValue
    FROM IF_BNET_CUST AS c JOIN IF_BNET_CUST_ATTR AS a ON a.StreamingNo = c.StreamingNo
    WHERE c.StreamingNo = ANY (claimed) AND a.StreamingNo = ANY (claimed);

    INSERT INTO sync_journal (source, streaming_no, attempt, superseded, op_flag, product_id, cust_id, biz_id, user_id,
                              outcome, code, err_content, digest, worker, decided_at)
    SELECT 'CUST', c.StreamingNo, to_char(localtimestamp(0), 'YYYY-MM-DD HH24:MI:SS'), FALSE, c.OPFlag, c.ProductID, c.CustID, c.BizID,
           NULL, 'applied', NULL, NULL,
           rtrim(translate(encode(sha256(convert_to(
             rtrim(array_to_json(ARRAY[c.OPFlag, c.ProductID::text, c.BizID, c.AreaCode, c.CustID::text, c.CustAccount,
                                       c.CustName, NULL, NULL, NULL])::text, ']')
             || COALESCE(x.attributes, '') || ']', 'UTF8')), 'base64'), '+/', '-_'), '='),
           worker, now()
    FROM IF_BNET_CUST AS c LEFT JOIN (
      SELECT StreamingNo, string_agg(',' || btrim(array_to_json(ARRAY[CustAttrID::text, AttrSpecID::text, AttrValue])::text, '[]'),
                                     '' ORDER BY CustAttrID) AS attributes
      FROM IF_BNET_CUST_ATTR WHERE StreamingNo = ANY (claimed) GROUP BY StreamingNo
    ) AS x ON x.StreamingNo = c.StreamingNo
    WHERE c.StreamingNo = ANY (claimed);

    UPDATE IF_BNET_CUST SET State = 2, StateDate = localtimestamp(0) WHERE StreamingNo = ANY (claimed);

    UPDATE IF_BNET_CUST_ATTR SET State = 2, StateDate = localtimestamp(0) WHERE StreamingNo = ANY (claimed);
    COMMIT;
  END LOOP;
END
$$;
