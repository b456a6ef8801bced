/** Query and form parameters as Stripe spells them: `expand[0]`, `types[]`, `payment[type]`, `created[gte]`. */
export type Query = {
  one(name: string): string | null;
  many(name: string): string[];
};

export function queryOf(text: string): Query {
  const pairs = [...new URLSearchParams(text)];
  return {
    one: (name) => pairs.find(([key]) => key === name)?.[1] ?? null,
    many: (name) => pairs.flatMap(([key, value]) => (key.replace(/\[\d*\]$/, '') === name ? [value] : [])),
  };
}
