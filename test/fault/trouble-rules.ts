import type { MiddleTroubleKind } from './observations.js';

/*
 * The rules of a middle database that speak against single rows: triggers that look into a table. A rule begins with a
 * row in that table and ends when it is deleted, so no definition is ever changed under the workers' transactions.
 */

/** What a rule does to a claim, or to a mark of one outcome. */
interface Rule {
  readonly steps: readonly ('claim' | 'mark 2' | 'mark 3')[];
  /** `restore`: the row counts as updated and is as before; `set back`: only its State is. */
  readonly way: 'refuse' | 'commit' | 'swallow' | 'restore' | 'set back';
}

/** Kinds of trouble that are rules about one row. */
export type RuleKind = Exclude<
  MiddleTroubleKind,
  'row locked' | 'attribute row locked' | 'ErrContent too narrow'
>;

const bothMarks = ['mark 2', 'mark 3'] as const;

export const rules: Readonly<Record<RuleKind, Rule>> = {
  'claim refused': { steps: ['claim'], way: 'refuse' },
  'claim refused at commit': { steps: ['claim'], way: 'commit' },
  'claim swallowed': { steps: ['claim'], way: 'swallow' },
  'claim set back': { steps: ['claim'], way: 'set back' },
  'success refused': { steps: ['mark 2'], way: 'refuse' },
  'success refused at commit': { steps: ['mark 2'], way: 'commit' },
  'failure refused': { steps: ['mark 3'], way: 'refuse' },
  'failure refused at commit': { steps: ['mark 3'], way: 'commit' },
  'mark refused': { steps: bothMarks, way: 'refuse' },
  'mark swallowed': { steps: bothMarks, way: 'swallow' },
  'mark undone': { steps: bothMarks, way: 'restore' },
};

/** Error codes of refusals: a check, a foreign key, a value, RAISE EXCEPTION as it is, and one that nobody expects. */
export const refusalCodes = ['23514', '23503', '22023', 'P0001', '0A000'];

const step = `CASE WHEN NEW.State = 1 AND NEW.StateDate IS DISTINCT FROM OLD.StateDate THEN 'claim'
  WHEN NEW.State IN (2, 3) AND OLD.State = 1 THEN 'mark ' || NEW.State END`;

/** The table of rules and the triggers that keep them. */
export const ruleTriggers = `
  CREATE TABLE fault_rule (
    id integer, source text, streaming_no numeric, step text, way text, code text,
    PRIMARY KEY (source, streaming_no, step, id));
  CREATE TABLE fault_room (id integer PRIMARY KEY, source text, room integer, unit text);
  CREATE FUNCTION fault_before() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE rule fault_rule; narrow fault_room; BEGIN
    SELECT * INTO rule FROM fault_rule AS r
      WHERE r.source = TG_ARGV[0] AND r.streaming_no = NEW.StreamingNo AND r.step = ${step} AND r.way <> 'commit'
      LIMIT 1;
    IF rule.way = 'refuse' THEN
      RAISE EXCEPTION 'row % is under review', NEW.StreamingNo USING ERRCODE = rule.code;
    ELSIF rule.way = 'swallow' THEN RETURN NULL;
    ELSIF rule.way = 'restore' THEN RETURN OLD;
    ELSIF rule.way = 'set back' THEN NEW.State := OLD.State;
    END IF;
    IF NEW.State <> 3 OR NEW.ErrContent IS NULL THEN RETURN NEW; END IF;
    FOR narrow IN SELECT * FROM fault_room AS r WHERE r.source = TG_ARGV[0] LOOP
      IF narrow.unit = 'characters' AND char_length(NEW.ErrContent) > narrow.room THEN
        RAISE EXCEPTION 'value too long for type character varying(%)', narrow.room USING ERRCODE = '22001';
      ELSIF narrow.unit = 'bytes' AND octet_length(NEW.ErrContent) > narrow.room THEN
        RAISE EXCEPTION 'the text is too long' USING ERRCODE = '23514';
      END IF;
    END LOOP;
    RETURN NEW; END $$;
  CREATE FUNCTION fault_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE rule fault_rule; BEGIN
    SELECT * INTO rule FROM fault_rule AS r
      WHERE r.source = TG_ARGV[0] AND r.streaming_no = NEW.StreamingNo AND r.step = ${step} AND r.way = 'commit'
      LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'row % is refused at the commit', NEW.StreamingNo USING ERRCODE = rule.code;
    END IF;
    RETURN NULL; END $$;
  ${['CUST', 'ACCOUNT']
    .map(
      (source) => `
  CREATE TRIGGER fault_before BEFORE UPDATE ON IF_BNET_${source}
    FOR EACH ROW EXECUTE FUNCTION fault_before('${source}');
  CREATE CONSTRAINT TRIGGER fault_at_commit AFTER UPDATE ON IF_BNET_${source} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.State <> OLD.State) EXECUTE FUNCTION fault_at_commit('${source}');`,
    )
    .join('')}`;
