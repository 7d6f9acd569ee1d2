import type { Random } from '../../src/demo/platform/random.js';
import {
  emptyContent,
  type Content,
  type Mark,
  type Planted,
  type PlatformAttribute,
  type PlatformRow,
  type Table,
} from './observations.js';

/* What the platform writes: random operations of many customers, about one in ten of them wrong. */

/** A row that is to be written; its CreateDate stands so many milliseconds before now, null: it has none. */
export interface ScheduledRow {
  readonly source: Table;
  readonly streamingNo: string;
  readonly ageMs: number | null;
  readonly content: Content;
  readonly attributes: readonly PlatformAttribute[];
  readonly formCode: string | null;
  readonly mark: Mark;
  readonly planted: Planted | null;
}

/** Rows of one transaction, in the order of insertion; it stays open for a while before it commits. */
export interface ScheduledTransaction {
  readonly rows: readonly ScheduledRow[];
  readonly openMs: number;
}

interface Product {
  readonly identity: Pick<Content, 'productId' | 'custId' | 'bizId'>;
  active: boolean;
  readonly bound: Set<string>;
}

const products = ['323002000', '900000000000000000000000000200'];
const specs = ['11002001000000000000', '11002009001000000000', '11002009000000000000'];
/** StateDates that name no attempt, or one that is too far ahead. */
const absurdDates = [
  '9999-12-31 23:59:59',
  'infinity',
  '-infinity',
  '10000-01-01 00:00:00',
  '0044-03-15 00:00:00 BC',
];

/** The AttrSpecID that can be the user limit. */
export const limitSpec = '11002009000000000000';

/** Makes transactions. */
export class Schedule {
  readonly #random: Random;
  readonly #settleMs: number;
  readonly #absurdDates: boolean;
  readonly #products: Product[];
  #counter = 0;
  readonly #poison: Mark[] = [];
  /** Rows of the next transaction. */
  readonly #later: ScheduledRow[] = [];
  /** The last number, unless both tables have it. */
  readonly #last = new Map<Table, string>();

  /** @param settings - `absurdDates`: some rows are written with a StateDate that nobody gives a row, in State 0 or 1 */
  constructor(random: Random, settings: { customers: number; settleMs: number; absurdDates?: boolean }) {
    this.#random = random;
    this.#settleMs = settings.settleMs;
    this.#absurdDates = settings.absurdDates ?? false;
    this.#products = Array.from({ length: settings.customers }, (_, index) => {
      const custId = index % 4 === 0 ? `9${String(index).padStart(29, '7')}` : String(200_000 + index);
      const identity = {
        productId: products[index % 3 === 0 ? 1 : 0] ?? '',
        custId,
        bizId: `计费${index % 2}`,
      };
      return { identity, active: false, bound: new Set<string>() };
    });
    // Some customers have two products.
    for (const { identity } of this.#products.slice(0, settings.customers / 5))
      this.#products.push({ identity: { ...identity, bizId: 'second' }, active: false, bound: new Set() });
  }

  /** The next rows that would take effect are poison. */
  poison(mark: 'throw' | 'exit'): void {
    this.#poison.push(mark);
  }

  transaction(most: number): ScheduledTransaction {
    const random = this.#random;
    const rows = this.#later.splice(0);
    if (random.chance(0.06)) rows.push(...this.#lateOpen());
    const count = random.between(1, most);
    while (rows.length < count) rows.push(this.#row(this.#product(), this.#ageMs()));
    const isOpenLong = random.chance(0.25);
    return {
      rows: random.chance(0.5) ? random.shuffled(rows) : rows,
      openMs: isOpenLong ? random.between(200, 2500) : 0,
    };
  }

  /** A bind that stands before the open it needs, and sometimes a cancel and another open behind, now or later. */
  #lateOpen(): ScheduledRow[] {
    const random = this.#random;
    const index = this.#products.length;
    const custId = `31${String(index).padStart(6, '0')}`;
    const identity = { productId: products[0] ?? '', custId, bizId: 'b' };
    const product: Product = { identity, active: false, bound: new Set() };
    this.#products.push(product);
    const before = ['0201', '0202'].map((opFlag) => this.#message(product, opFlag, 0, 'late'));
    const flags = ['0101', ...random.pick([[], ['0101'], ['0203', '0103', '0101']])];
    const behind = flags.map((opFlag) => this.#message(product, opFlag, 0, 'late'));
    if (random.chance(0.4)) return [...before, ...behind];
    this.#later.push(...behind);
    return before;
  }

  /** A few customers are busy, so that their rows meet. */
  #product(): Product {
    const random = this.#random;
    return random.pick(random.chance(0.4) ? this.#products.slice(0, 8) : this.#products);
  }

  #ageMs(): number | null {
    const random = this.#random;
    if (random.chance(0.015)) return null;
    if (random.chance(0.06)) return random.between(0, this.#settleMs);
    if (random.chance(0.02)) return random.between(this.#settleMs, 6000);
    if (random.chance(0.01)) return -1500;
    return 0;
  }

  #row(product: Product, ageMs: number | null): ScheduledRow {
    const random = this.#random;
    const sensible = random.chance(0.85);
    const bound = [...product.bound];
    let opFlag: string;
    if (!sensible) opFlag = random.pick(['0101', '0102', '0103', '0201', '0202', '0203']);
    else if (!product.active) opFlag = '0101';
    else if (bound.length === 0) opFlag = random.pick(['0201', '0201', '0102', '0103']);
    else opFlag = random.pick(['0201', '0201', '0202', '0202', '0102', '0203', '0203']);
    const user = opFlag === '0201' || bound.length === 0 ? String(random.between(1, 4)) : random.pick(bound);
    const message = this.#message(product, opFlag, ageMs, user);
    if (random.chance(0.08)) return this.#corrupted(message);
    if (!['0103', '0203'].includes(opFlag)) {
      const poison = sensible ? this.#poison.pop() : undefined;
      if (poison !== undefined) return marked(message, poison);
      if (random.chance(0.03)) return marked(message, 'refuse');
    }
    this.#note(product, opFlag, user);
    if (!this.#absurdDates || !random.chance(0.02)) return message;
    return { ...message, planted: { state: random.pick([0, 1]), stateDate: random.pick(absurdDates) } };
  }

  #note(product: Product, opFlag: string, user: string): void {
    if (opFlag === '0101') product.active = true;
    if (opFlag === '0103' && product.bound.size === 0) product.active = false;
    if (opFlag === '0201' && product.active) product.bound.add(user);
    if (opFlag === '0203') product.bound.delete(user);
  }

  #message(product: Product, opFlag: string, ageMs: number | null, user: string): ScheduledRow {
    const random = this.#random;
    const source: Table = opFlag.startsWith('01') ? 'CUST' : 'ACCOUNT';
    const streamingNo = this.#streamingNo(source);
    const isChange = opFlag.endsWith('02');
    const given = (value: string) => (isChange && random.chance(0.4) ? null : value);
    const fields =
      source === 'CUST'
        ? { custAccount: given(`a${random.between(1, 9)}`), custName: given(`企业${random.between(1, 99)}`) }
        : {
            userId: `用户${user}`,
            accType: given(String(random.between(1, 2))),
            accName: given(`张${random.between(1, 99)}`),
          };
    const count = opFlag.endsWith('03') ? 0 : random.between(0, 3);
    const attributes = Array.from({ length: count }, (_, index) => ({
      attrId: `${streamingNo.length > 20 ? '8' : '7'}${this.#counter}${index}`,
      attrSpecId: random.pick(specs),
      attrValue: random.pick([null, '', '1', '2', '3', '值', 'x']),
    }));
    const areaCode = given(String(random.between(10, 999)));
    const content = { ...emptyContent, ...product.identity, ...fields, opFlag, areaCode };
    const usual = { formCode: null, mark: 'none', planted: null } as const;
    return { source, streamingNo, ageMs, content, attributes, ...usual };
  }

  /** Unique in its table, not in order, some with 30 digits; now and then the other table has the same one. */
  #streamingNo(source: Table): string {
    const random = this.#random;
    this.#counter += 1;
    const number = String(this.#counter * 8 + random.between(0, 7));
    const otherNumber = this.#last.get(source === 'CUST' ? 'ACCOUNT' : 'CUST');
    const sharesNumber = otherNumber !== undefined && random.chance(0.06);
    const streamingNo = sharesNumber
      ? otherNumber
      : random.chance(0.2)
        ? `5${number.padStart(29, '0')}`
        : number;
    this.#last.clear();
    if (!sharesNumber) this.#last.set(source, streamingNo);
    return streamingNo;
  }

  #corrupted(message: ScheduledRow): ScheduledRow {
    const random = this.#random;
    const { source, content } = message;
    const nothing = random.pick([null, '', ' ']);
    const isOpen = content.opFlag === '0101';
    const kinds: [Partial<Content>, string][] = [
      [{ bizId: nothing }, '00401'],
      [{ productId: null }, '00401'],
      [{ custId: null }, '00401'],
      [{ opFlag: nothing }, '00401'],
      [{ opFlag: source === 'CUST' ? '0201' : '0101' }, '00403'],
      [{ opFlag: '0109' }, '00403'],
    ];
    if (isOpen) kinds.push([{ custName: nothing }, '00401'], [{ custAccount: nothing }, '00401']);
    if (source === 'ACCOUNT') kinds.push([{ userId: nothing }, '00401'], [{ accType: '3' }, '00403']);
    if (content.opFlag === '0201') kinds.push([{ accName: nothing }, '00401'], [{ accType: null }, '00401']);
    const [change, formCode] = random.pick(kinds);
    if (random.chance(0.1) && message.attributes.length > 0) {
      const attributes = message.attributes.map((each, index) =>
        index === 0 ? { ...each, attrSpecId: null } : each,
      );
      return { ...message, attributes, formCode: '00401' };
    }
    return { ...message, content: { ...content, ...change }, formCode };
  }
}

function marked(message: ScheduledRow, mark: Mark): ScheduledRow {
  const word = { none: '', refuse: 'REFUSE', throw: 'POISON-THROW', exit: 'POISON-EXIT' }[mark];
  const { content } = message;
  const named = message.source === 'CUST' ? { custName: word } : { accName: word };
  return { ...message, mark, content: { ...content, ...named } };
}

/** What a DBA makes of a row that is put back: right where it was wrong, else a little different, or the same. */
export function correctedContent({ source, versions, formCode }: PlatformRow, random: Random): Content {
  const old = versions.at(-1) ?? emptyContent;
  if (formCode === null && random.chance(0.5)) return old;
  const common = {
    productId: old.productId ?? products[0] ?? '',
    custId: old.custId ?? '200001',
    bizId: filled(old.bizId, 'b'),
  };
  const flags = source === 'CUST' ? ['0101', '0102', '0103'] : ['0201', '0202', '0203'];
  const opFlag = flags.includes(old.opFlag ?? '') ? old.opFlag : (flags[0] ?? null);
  const fields =
    source === 'CUST'
      ? { custAccount: filled(old.custAccount, 'a'), custName: `改${random.between(1, 99)}` }
      : {
          userId: filled(old.userId, '用户1'),
          accType: old.accType === '2' ? '2' : '1',
          accName: `改${random.between(1, 99)}`,
        };
  return { ...old, ...common, opFlag, ...fields };
}

function filled(value: string | null, otherwise: string): string {
  return value === null || value.trim() === '' ? otherwise : value;
}
