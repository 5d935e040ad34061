type Path = readonly (string | number)[];

/** One condition: its name, what stands in it, and where it is. */
export interface Found {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly path: Path;
}

/** Every single condition below a node, whatever `all` and `any` it stands in. */
export function conditionsIn(node: unknown, path: Path): Found[] {
  if (Array.isArray(node)) return node.flatMap((item, index) => conditionsIn(item, [...path, index]));
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]): Found[] => {
    if (key === 'all' || key === 'any') return conditionsIn(value, [...path, key]);
    const denied: unknown =
      key === 'unless' && typeof value === 'object' ? Reflect.get(value ?? {}, 'when') : undefined;
    if (denied !== undefined) return conditionsIn(denied, [...path, key, 'when']);
    if (key === 'besides' && typeof value === 'object' && value !== null) {
      const { when, ...rest } = value as Found['value'];
      return [{ key, value: rest, path }, ...conditionsIn(when, [...path, key, 'when'])];
    }
    return typeof value === 'object' && value !== null ? [{ key, value: value as Found['value'], path }] : [];
  });
}
