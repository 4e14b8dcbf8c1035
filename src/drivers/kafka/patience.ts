/**
 * How long to wait for what one broker alone knows before the answer is given without it, in milliseconds: operators
 * look while a broker restarts or hangs.
 */
export const ONE_BROKER_MS_MAX = 2000;
