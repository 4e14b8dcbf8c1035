/**
 * How long to wait for what one broker alone knows before the answer is given without it, in milliseconds: operators
 * look while a broker restarts or hangs.
 */
export const ONE_BROKER_MS_MAX = 2000;

/**
 * How long to wait for an answer before a request that may be sent twice is sent again, in milliseconds: a hung broker
 * is replaced within that time.
 */
export const RESEND_AFTER_MS = 10_000;
