/** Digits and nothing else, few enough to be exact in a double; null for anything else. */
export const wholeNumber = (text: string): number | null => (/^\d{1,15}$/.test(text) ? Number(text) : null);

/** An id that may become part of a key, a path or a record: 1 to 128 letters, digits, dashes and underscores. */
export const isPlainId = (text: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(text);

/** True for a JSON object: neither null nor a list. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
