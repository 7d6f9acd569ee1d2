import { differenceKinds } from '../../operator/contract/checks.js';
import { textOf } from '../addresses.js';
import type { Console } from '../console.js';
import { VerificationPage } from '../pages/verification.js';

/** What verifications have found. */
export function verificationRoutes(pages: Console): void {
  pages.get('/verify', async ({ view, operator, query }) => {
    const verification = await operator.verification();
    const [named, given] = [textOf(query, 'kind'), textOf(query, 'from')];
    const kind = differenceKinds.find((each) => each === named) ?? null;
    const from = /^\d{1,6}$/.test(given) ? Number(given) : 0;
    return { page: <VerificationPage view={view} verification={verification} kind={kind} from={from} /> };
  });
}
