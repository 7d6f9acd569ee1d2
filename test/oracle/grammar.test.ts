import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { grammarFault } from '../support/oracle/grammar.js';
import { shapeOf } from '../support/oracle/sent-statements.js';
import { statementsIn } from '../support/sql-files.js';
import { scaled } from '../support/time-factor.js';

/** Reading the grammar takes a while, and longer on a busy machine. */
const timeout = scaled(300_000);

const files = (await readdir(new URL('../../sql/oracle', import.meta.url))).sort();

/** SQL*Plus puts its variables in before it sends anything. */
const sent = (sql: string) => sql.replaceAll(/&\w+/g, 'some_value');

describe('an independent grammar of Oracle’s SQL', () => {
  it.each(files)('takes every statement of %s', { timeout }, async (file) => {
    const statements = await statementsIn(`oracle/${file}`);
    expect(statements).not.toEqual([]);
    const faults = statements.flatMap(({ sql }) => {
      const fault = grammarFault(sent(sql));
      return fault === null ? [] : [`${fault}\n${sql}`];
    });
    expect(faults).toEqual([]);
  });

  const claim = `UPDATE ISMP.IF_BNET_CUST t SET t.State = 1,
    t.StateDate = CASE WHEN t.StateDate >= SYSDATE THEN t.StateDate ELSE SYSDATE END
    WHERE t.StreamingNo = TO_NUMBER(:streamingNo) AND t.State IN (0, 1)`;
  const page = `SELECT page.* FROM (
    SELECT t.StreamingNo AS "no", COUNT(*) AS "rows" FROM IF_BNET_CUST t
    WHERE t.State = 0 AND t.CreateDate <= SYSDATE - NUMTODSINTERVAL(2, 'SECOND') AND t.CustID IS NOT NULL
    GROUP BY t.StreamingNo ORDER BY t.StreamingNo
  ) page WHERE ROWNUM <= :maxRows`;
  const lock = `SELECT t.StreamingNo FROM IF_BNET_CUST t WHERE t.State = 0 FOR UPDATE OF t.State SKIP LOCKED`;
  const index = `CREATE INDEX failed ON IF_BNET_CUST (CASE WHEN State = 3 THEN StateDate END)`;
  const online = `${index} ONLINE`;
  const whole = { claim, page, lock, index, online };

  it.each(Object.entries(whole))('takes a %s as it should be', { timeout }, (_name, sql) => {
    expect(grammarFault(sql)).toBeNull();
  });

  const corrupted: readonly (readonly [
    what: string,
    of: keyof typeof whole,
    part: string,
    instead: string,
  ])[] = [
    ['a parenthesis that is not closed', 'claim', ':streamingNo)', ':streamingNo'],
    ['a parenthesis that was not opened', 'claim', 'IN (0', 'IN 0'],
    ['a CASE without its END', 'claim', ' END', ''],
    ['a CASE without its THEN', 'claim', ' THEN t.StateDate', ' t.StateDate'],
    ['a changed keyword', 'claim', 'UPDATE', 'UPDATES'],
    ['no SET', 'claim', ' SET ', ' '],
    ['a dropped comma', 'claim', 'State = 1,', 'State = 1'],
    ['a second comma', 'claim', 'State = 1,', 'State = 1,,'],
    ['an operator without its right side', 'claim', '>= SYSDATE', '>='],
    ['AND twice', 'claim', ' AND ', ' AND AND '],
    ['PostgreSQL’s UPDATE … AS', 'claim', 'IF_BNET_CUST t', 'IF_BNET_CUST AS t'],
    ['PostgreSQL’s UPDATE … FROM', 'claim', 'WHERE', 'FROM other WHERE'],
    ['PostgreSQL’s casts', 'claim', 'TO_NUMBER(:streamingNo)', ':streamingNo::numeric'],
    ['no FROM', 'page', 'FROM IF_BNET_CUST t', ''],
    ['a misspelt FROM', 'page', 'FROM IF_BNET_CUST', 'FORM IF_BNET_CUST'],
    ['a missing WHERE', 'page', 'WHERE t.State', 't.State'],
    ['half of IS NOT NULL', 'page', 'IS NOT NULL', 'IS NOT'],
    ['GROUP without BY', 'page', 'GROUP BY', 'GROUP'],
    ['ORDER without BY', 'page', 'ORDER BY', 'ORDER'],
    ['a literal that is not closed', 'page', `'SECOND'`, `'SECOND`],
    ['a subquery that is not closed', 'page', ') page', 'page'],
    ['LIMIT', 'page', 'WHERE ROWNUM <= :maxRows', 'LIMIT 10'],
    ['PostgreSQL’s parameters', 'page', ':maxRows', '$1'],
    ['an alias of a table with AS', 'page', ') page', ') AS page'],
    ['another statement behind it', 'page', ':maxRows', ':maxRows; COMMIT'],
    ['PostgreSQL’s kind of lock', 'lock', 'FOR UPDATE', 'FOR NO KEY UPDATE'],
    ['SKIP without LOCKED', 'lock', 'SKIP LOCKED', 'SKIP'],
    ['two ways to wait', 'lock', 'SKIP LOCKED', 'SKIP LOCKED NOWAIT'],
    ['no ON', 'index', ' ON ', ' '],
    ['PostgreSQL’s INDEX … USING', 'index', ' (CASE', ' USING btree (CASE'],
  ];

  it.each(corrupted)('refuses %s', { timeout }, (_what, of, part, instead) => {
    const sql = whole[of];
    expect(sql.split(part)).not.toHaveLength(1);
    expect(grammarFault(sql.replace(part, instead))).not.toBeNull();
  });

  it('is shown each shape of statement once, whatever numbers and lists it has', { timeout }, () => {
    const select = (list: string) => `SELECT a FROM t WHERE a IN (${list}) AND b <= :maxRows AND c = 12`;
    const shapes = [
      'TO_NUMBER(:n1)',
      'TO_NUMBER(:n1), TO_NUMBER(:n2)',
      'TO_NUMBER(:n1), TO_NUMBER(:n2), TO_NUMBER(:n3)',
    ];
    const [one = '', two = '', three = ''] = shapes.map((list) => shapeOf(select(list)));
    expect(one).not.toBe(two);
    expect(two).toBe(three);
    expect(shapeOf(select('1, 2, 30'))).toBe(shapeOf(select('7, 8')));
    expect([one, two, shapeOf(select('1, 2, 30'))].map(grammarFault)).toEqual([null, null, null]);
    expect(grammarFault(shapeOf(select('1, 2, 30').replace(')', '')))).not.toBeNull();
  });
});
