/** What identifies a customer's product in the product store: (ProductID, CustID, BizID). */
export interface Identity {
  readonly productId: string;
  readonly custId: string;
  readonly bizId: string;
}

/** An identity as one string, for maps, also as the start of a longer key: the length says where BizID ends. */
export function identityKey(identity: Identity): string {
  return `${identity.productId}/${identity.custId}/${identity.bizId.length}/${identity.bizId}`;
}

/** One attribute value of a customer or user; a spec may have several (specification 5.1). */
export interface Attribute {
  readonly attrSpecId: string;
  /** CustAttrID or AccAttrID of the row that brought the value. */
  readonly attrId: string | null;
  readonly attrValue: string | null;
}

/** A customer's product as the product store keeps it (`bnet_customer` and its attributes). Times are ISO 8601, UTC. */
export interface Customer extends Identity {
  readonly areaCode: string | null;
  readonly custAccount: string | null;
  readonly custName: string | null;
  /** Cancelled customers stay for the record, with their attributes and users. */
  readonly status: 'active' | 'cancelled';
  readonly openedAt: string;
  readonly changedAt: string | null;
  readonly cancelledAt: string | null;
  /** StreamingNo of the IF_BNET_CUST row that made it what it is. */
  readonly lastStreamingNo: string;
  readonly attributes: readonly Attribute[];
}

/** A user of a customer's product (`bnet_account` and its attributes). Times are ISO 8601, UTC. */
export interface Account extends Identity {
  readonly userId: string;
  readonly areaCode: string | null;
  readonly accType: string | null;
  readonly accName: string | null;
  /** Unbound users stay for the record. */
  readonly status: 'bound' | 'unbound';
  readonly boundAt: string;
  readonly changedAt: string | null;
  readonly unboundAt: string | null;
  /** StreamingNo of the row that made it what it is; of IF_BNET_CUST where a cancel unbound the user. */
  readonly lastStreamingNo: string;
  readonly attributes: readonly Attribute[];
}

/** All that a decision about one customer's product may look at. */
export interface ProductState {
  /** Null: the store has never seen this product of this customer. */
  readonly customer: Customer | null;
  /** The users the batch mentions; one that is absent was never seen. */
  readonly users: ReadonlyMap<string, Account>;
  /** How many users are bound, the ones not mentioned included. */
  readonly boundUsers: number;
}
