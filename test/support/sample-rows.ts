/*
 * Columns of rows to plant, valid as they are: a test adds the numbers, and overrides the one thing it is about. What a
 * worker makes of a row is in builders.ts.
 */

const product = { ProductID: '323002000', BizID: 'b1' };

/** An open of the customer whose CustID a test adds. */
export const open = { ...product, OPFlag: '0101', CustAccount: 'a', CustName: '企业' };

/** A bind of a user of that customer. */
export const bind = { ...product, OPFlag: '0201', UserID: 'ap', AccType: '1', AccName: '张三' };

/** A customer with numbers as long as the platform's. */
export const customer = { ProductID: '323002000', BizID: '40825826451003', CustID: '990947809' };

/** Its open, with an area. */
export const customerOpen = { ...open, ...customer, AreaCode: '020' };

/** A bind of one of its users. */
export const customerBind = { ...bind, ...customer };

/** An open of a company with a name of the usual length. */
export const companyOpen = { ...open, CustID: '990947809', CustName: '杭州某某科技有限公司' };

/** A bind of one of its users. */
export const companyBind = { ...bind, CustID: '990947809' };
