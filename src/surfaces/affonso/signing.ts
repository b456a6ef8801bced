/** Where this dialect's signed requests carry their signature (apis.md 2.1). */
export const SIGNED = { timestamp: 'x-affonso-timestamp', signature: 'x-affonso-signature' } as const;
