import { RAISED_HERE } from './errors.js';

/*
 * Triggers, constraints and column lengths that tests add to a table while others work on it. Every table has the
 * triggers below from the start and they look up here what to do, because PostgreSQL would let CREATE TRIGGER and ALTER
 * TABLE wait for every open transaction.
 */

/** What a rule does. */
export type RuleKind =
  'refuse' | 'restore row' | 'restore state' | 'set state' | 'check' | 'deferred check' | 'length';

export const rulesSql = `
CREATE TABLE oracle.table_rules (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner varchar NOT NULL,
  table_name varchar NOT NULL, name varchar NOT NULL, kind varchar NOT NULL, condition text, number integer,
  message text, state numeric, column_name varchar, length integer);

-- Has a value from the first rule on. Looking into it costs next to nothing, and a table's every row does.
CREATE SEQUENCE oracle.rules_added;
GRANT SELECT ON SEQUENCE oracle.rules_added TO PUBLIC;

-- BEFORE UPDATE OF State … FOR EACH ROW WHEN (condition)
CREATE FUNCTION oracle.fire_triggers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  rule record;
  applies boolean;
BEGIN
  FOR rule IN SELECT * FROM oracle.table_rules WHERE table_name = upper(TG_TABLE_NAME)
    AND kind IN ('refuse', 'restore row', 'restore state', 'set state') ORDER BY id
  LOOP
    EXECUTE format('SELECT %s FROM (SELECT ($1).*) AS new, (SELECT ($2).*) AS old', rule.condition)
      INTO applies USING new, old;
    CONTINUE WHEN applies IS NOT TRUE;
    CASE rule.kind
      WHEN 'refuse' THEN
        RAISE EXCEPTION E'ORA-%: %\\nORA-06512: at "%.%", line 2\\nORA-04088: error during execution of trigger ''%.%''',
          rule.number, rule.message, rule.owner, rule.name, rule.owner, rule.name USING ERRCODE = '${RAISED_HERE}';
      WHEN 'restore row' THEN new := old;
      WHEN 'restore state' THEN new.state := old.state;
      WHEN 'set state' THEN new.state := rule.state;
    END CASE;
  END LOOP;
  RETURN new;
END $$;

CREATE FUNCTION oracle.check_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  rule record;
  passes boolean;
  actual integer;
BEGIN
  FOR rule IN SELECT * FROM oracle.table_rules WHERE table_name = upper(TG_TABLE_NAME)
    AND kind IN ('check', 'length') ORDER BY id
  LOOP
    IF rule.kind = 'length' THEN
      EXECUTE format('SELECT octet_length(($1).%I)', lower(rule.column_name)) INTO actual USING new;
      IF actual > rule.length THEN
        RAISE EXCEPTION 'ORA-12899: value too large for column "%"."%"."%" (actual: %, maximum: %)', rule.owner,
          rule.table_name, rule.column_name, actual, rule.length USING ERRCODE = '${RAISED_HERE}';
      END IF;
    ELSE
      EXECUTE format('SELECT %s FROM (SELECT ($1).*) AS t', rule.condition) INTO passes USING new;
      IF passes IS FALSE THEN
        RAISE EXCEPTION 'ORA-02290: check constraint (%.%) violated', rule.owner, rule.name
          USING ERRCODE = '${RAISED_HERE}';
      END IF;
    END IF;
  END LOOP;
  RETURN new;
END $$;

-- At the commit, of the row as it is then; the argument is the name of the key's column.
CREATE FUNCTION oracle.check_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  rule record;
  passes boolean;
BEGIN
  FOR rule IN SELECT * FROM oracle.table_rules WHERE table_name = upper(TG_TABLE_NAME)
    AND kind = 'deferred check' ORDER BY id
  LOOP
    EXECUTE format('SELECT %s FROM %I.%I AS t WHERE t.%I = ($1).%4$I', rule.condition, TG_TABLE_SCHEMA, TG_TABLE_NAME,
      TG_ARGV[0]) INTO passes USING new;
    IF passes IS FALSE THEN
      RAISE EXCEPTION E'ORA-02091: transaction rolled back\\nORA-02290: check constraint (%.%) violated', rule.owner,
        rule.name USING ERRCODE = '${RAISED_HERE}';
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
`;

/** The triggers of one table, by its name in PostgreSQL; its guard (oracle-tables.ts) fires between the first two. */
export function ruleTriggersSql(table: string, columns: readonly string[]): string {
  if (!columns.includes('STATE')) return '';
  const [key = ''] = columns;
  const each = `FOR EACH ROW WHEN (pg_catalog.pg_sequence_last_value('oracle.rules_added') IS NOT NULL)`;
  return `
CREATE TRIGGER oracle_a_triggers BEFORE UPDATE OF state ON ${table} ${each}
  EXECUTE FUNCTION oracle.fire_triggers();
CREATE TRIGGER oracle_z_checks BEFORE INSERT OR UPDATE ON ${table} ${each}
  EXECUTE FUNCTION oracle.check_row();
CREATE CONSTRAINT TRIGGER oracle_z_deferred AFTER INSERT OR UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED ${each}
  EXECUTE FUNCTION oracle.check_at_commit('${key.toLowerCase()}');`;
}
