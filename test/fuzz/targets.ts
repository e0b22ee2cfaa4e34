/** All targets of the fuzz. */
import { authRequests } from './auth_requests.ts';
import { bearerTokens } from './bearer_tokens.ts';
import { cost } from './cost.ts';
import { returnAddresses } from './return_addresses.ts';
import type { Target } from './target.ts';

export const targets: Target[] = [authRequests, returnAddresses, bearerTokens, cost];
