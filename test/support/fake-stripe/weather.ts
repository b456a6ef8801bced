/** What can be wrong with an API that is right. */
export type Fault = {
  readonly status?: number;
  readonly type?: string;
  readonly code?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds before the answer, also a right one. */
  readonly delay?: number;
};

/** Too many requests; with `Retry-After` in seconds when given. */
export function limited(retryAfter?: number): Fault {
  return {
    status: 429,
    type: 'invalid_request_error',
    code: 'rate_limit',
    message: 'Request rate limit exceeded.',
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': String(retryAfter) } }),
  };
}

/** Another request holds the object. */
export const locked: Fault = {
  status: 429,
  type: 'invalid_request_error',
  code: 'lock_timeout',
  message: 'This object cannot be accessed right now because another API request is currently accessing it.',
};

export const broken: Fault = { status: 500, type: 'api_error', message: 'An unknown error occurred.' };

export const unauthorized: Fault = {
  status: 401,
  type: 'invalid_request_error',
  message: 'Invalid API Key provided: rk_test_****',
};

/** The key is right and lacks a permission. */
export const forbidden: Fault = {
  status: 403,
  type: 'invalid_request_error',
  code: 'more_permissions_required_for_application',
  message: 'The provided key does not have the required permissions for this endpoint.',
};

export function slow(delay: number): Fault {
  return { delay };
}
