/** Without the noise of floating point: a steady 2 per second comes back as 1.9999999999999998, and a threshold must not
 * turn on that. */
export const rounded = (value: number): number => Number(value.toPrecision(12));
