type Given<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Only the fields that say something: this dialect treats null as absent. */
export function given<T extends object>(fields: T): Given<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}
