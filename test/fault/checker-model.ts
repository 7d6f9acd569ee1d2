import type {
  CheckedRules,
  Content,
  PlatformAttribute,
  PlatformRow,
  StoredEntry,
  Table,
} from './observations.js';

/*
 * What rows mean, after docs/operations-table.md: one row after another over plain maps. It shares no code with what it
 * judges.
 */

interface Product {
  values: Record<string, string | null>;
  attributes: readonly PlatformAttribute[];
  readonly users: Map<string, Product>;
}

/** What the model says of a row. */
export interface Judgement {
  /** Null: it takes effect. */
  readonly code: string | null;
  /** Refused because the product or user was never seen, so that it may wait. */
  readonly missing: boolean;
  /** Whether the product, and the user, had been seen before. */
  readonly productSeen: boolean;
  readonly userSeen: boolean;
}

/** The standard texts of the codes that can occur. */
export const standardTexts: Readonly<Record<string, string>> = {
  '00003': '非业务时间',
  '00205': '过程执行异常',
  '00401': '关键数据项不能为空',
  '00402': '业务数据内容不存在',
  '00403': '数据格式不正确',
  '00404': '业务逻辑执行错误',
  '00405': '有用户未解绑',
  '00406': '绑定用户已超上限',
};

const flagsOf: Readonly<Record<Table, readonly string[]>> = {
  CUST: ['0101', '0102', '0103'],
  ACCOUNT: ['0201', '0202', '0203'],
};

const given = (value: string | null): string | null => (value === null || value.trim() === '' ? null : value);

/** The code with which a row is refused for its form alone. */
export function formCode(source: Table, content: Content, attributes: readonly PlatformAttribute[]) {
  const { opFlag } = content;
  if (given(opFlag) === null) return '00401';
  if (!flagsOf[source].includes(opFlag ?? '')) return '00403';
  const needed = [content.productId, content.custId, content.bizId];
  if (source === 'ACCOUNT') needed.push(content.userId);
  if (opFlag === '0101') needed.push(content.custAccount, content.custName);
  if (opFlag === '0201') needed.push(content.accType, content.accName);
  needed.push(...attributes.map(({ attrSpecId }) => attrSpecId));
  if (needed.some((value) => given(value) === null)) return '00401';
  if (source === 'ACCOUNT' && given(content.accType) !== null && !['1', '2'].includes(content.accType ?? ''))
    return '00403';
  return null;
}

/** The product store as it must be. */
export class CheckerModel {
  readonly #products = new Map<string, Product>();

  constructor(private readonly rules: CheckedRules) {}

  /** Judges a row with this content; `take` lets it take effect where nothing speaks against it. */
  judge(row: PlatformRow, content: Content, take: boolean): Judgement {
    const productKey = keyOf(content);
    const product = this.#products.get(productKey);
    const user = product?.users.get(content.userId ?? '');
    const seen = { productSeen: product !== undefined, userSeen: user !== undefined };
    const form = formCode(row.source, content, row.attributes);
    const code = form ?? this.#refusal(content, product, user);
    const missing = form === null && code === '00402' && isMissing(content, product, user);
    if (code === null && take) this.#take(row, content, product);
    return { code, missing, ...seen };
  }

  /** Everything, sorted by key. */
  stored(): StoredEntry[] {
    const things: StoredEntry[] = [];
    for (const [key, product] of this.#products) {
      things.push(thing(key, product));
      for (const [userId, user] of product.users) things.push(thing(`${key}/${userId}`, user));
    }
    return things.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #refusal(content: Content, product?: Product, user?: Product): string | null {
    const { rules } = this;
    const active = product?.values['status'] === 'active';
    const bound = user?.values['status'] === 'bound';
    switch (content.opFlag ?? '') {
      case '0101':
        return active && rules.onDuplicateOpen === 'refuse' ? '00404' : null;
      case '0102':
        return active ? null : '00402';
      case '0103':
        if (product === undefined || !active) return '00402';
        return boundUsers(product).length > 0 && rules.onCancelWithUsers === 'refuse' ? '00405' : null;
      case '0201':
        if (product === undefined || !active) return '00402';
        if (bound) return rules.onDuplicateBind === 'refuse' ? '00404' : null;
        return boundUsers(product).length >= this.#limit(product) ? '00406' : null;
      default:
        return bound ? null : '00402';
    }
  }

  #take(row: PlatformRow, content: Content, product?: Product): void {
    const { rules } = this;
    const key = keyOf(content);
    const last = { last: row.streamingNo };
    const attributes = cleaned(row.attributes);
    const fields =
      row.source === 'CUST'
        ? { areaCode: content.areaCode, account: content.custAccount, name: content.custName }
        : { areaCode: content.areaCode, account: content.accType, name: content.accName };
    const whole = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, given(value)]));
    const partly = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== null));
    const change = (old: Product): void => {
      old.values = { ...old.values, ...partly, ...last };
      const replaced = new Set(attributes.map(({ attrSpecId }) => attrSpecId));
      const kept = old.attributes.filter(({ attrSpecId }) => !replaced.has(attrSpecId));
      old.attributes = rules.attributes === 'replace' ? attributes : [...kept, ...attributes];
    };
    const users = product?.users ?? new Map<string, Product>();
    const user = users.get(content.userId ?? '');
    switch (content.opFlag ?? '') {
      case '0101':
        if (product?.values['status'] === 'active') change(product);
        else this.#products.set(key, { values: { ...whole, ...last, status: 'active' }, attributes, users });
        return;
      case '0102':
        if (product !== undefined) change(product);
        return;
      case '0103':
        if (product === undefined) return;
        for (const each of boundUsers(product)) each.values = { ...each.values, ...last, status: 'unbound' };
        product.values = { ...product.values, ...last, status: 'cancelled' };
        return;
      case '0201':
        if (user?.values['status'] === 'bound') change(user);
        else {
          const values = { ...whole, ...last, status: 'bound' };
          users.set(content.userId ?? '', { values, attributes, users: new Map() });
        }
        return;
      case '0202':
        if (user !== undefined) change(user);
        return;
      default:
        if (user !== undefined) user.values = { ...user.values, ...last, status: 'unbound' };
    }
  }

  #limit(product: Product): number {
    const { userLimitAttrSpecId } = this.rules;
    const first = product.attributes.find(({ attrSpecId }) => attrSpecId === userLimitAttrSpecId);
    const value = (first?.attrValue ?? '').trim();
    return /^[0-9]{1,9}$/.test(value) ? Number(value) : Infinity;
  }
}

function isMissing(content: Content, product?: Product, user?: Product): boolean {
  if (product === undefined) return true;
  return ['0202', '0203'].includes(content.opFlag ?? '') && user === undefined;
}

function boundUsers(product: Product): Product[] {
  return [...product.users.values()].filter(({ values }) => values['status'] === 'bound');
}

/** An identity as a key. */
export function keyOf(content: Content): string {
  return `${content.productId ?? ''}/${content.custId ?? ''}/${content.bizId ?? ''}`;
}

/** In id order, an empty value as none. */
function cleaned(attributes: readonly PlatformAttribute[]): PlatformAttribute[] {
  return attributes
    .map((each) => ({ ...each, attrValue: each.attrValue === '' ? null : each.attrValue }))
    .sort((a, b) => (BigInt(a.attrId) < BigInt(b.attrId) ? -1 : 1));
}

function thing(key: string, { values, attributes }: Product): StoredEntry {
  const texts = attributes.map(
    ({ attrSpecId, attrId, attrValue }) => `${attrSpecId ?? ''}/${attrId}/${attrValue ?? 'NULL'}`,
  );
  return { key, values, attributes: texts.sort() };
}
