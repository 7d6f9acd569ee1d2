const entryColumns = `
  source TEXT NOT NULL, streaming_no TEXT NOT NULL, attempt TEXT NOT NULL, cust TEXT NOT NULL,
  superseded INTEGER NOT NULL, requeued INTEGER NOT NULL, repaired INTEGER NOT NULL, outcome TEXT NOT NULL,
  said TEXT, digest TEXT NOT NULL, decided_at TEXT NOT NULL,
  looked INTEGER NOT NULL, PRIMARY KEY (source, streaming_no, attempt)`;

/**
 * Tables of the stage. `row`: of the middle database, with its digest; `entry`: of the journal, `looked` once its row
 * was looked up by key; `again`: the journal's second reading; `record`: of the product store; `customer`: everyone that
 * any of them names; `product`: likewise; `candidate`: those to look at again.
 */
export const stagingTables = `
  CREATE TABLE row (
    source TEXT NOT NULL, streaming_no TEXT NOT NULL, cust TEXT NOT NULL, state INTEGER, create_date TEXT,
    state_date TEXT, digest TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (source, streaming_no));
  CREATE INDEX row_customer ON row (cust);
  CREATE TABLE entry (${entryColumns});
  CREATE INDEX entry_customer ON entry (cust);
  CREATE TABLE again (${entryColumns});
  CREATE INDEX again_customer ON again (cust);
  CREATE TABLE record (cust TEXT NOT NULL, what TEXT NOT NULL, content TEXT NOT NULL);
  CREATE INDEX record_customer ON record (cust, what);
  CREATE TABLE customer (cust TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE INDEX customer_order ON customer (length(cust), cust);
  CREATE TABLE product (product TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE candidate (cust TEXT PRIMARY KEY) WITHOUT ROWID`;
