import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

declare const value: unique symbol;

/** A column as TypeORM describes it, with the type its values have in a row. */
type Column<Value> = EntitySchemaColumnOptions & { readonly [value]?: Value };

type Columns = Readonly<Record<string, Column<unknown>>>;

type RowWith<C extends Columns> = {
  readonly [Name in keyof C]: C[Name] extends Column<infer Value> ? Value : never;
};

function as<Value>(options: EntitySchemaColumnOptions): Column<Value> {
  return options;
}

/** The kinds of column there are; a table names them instead of repeating types. */
export const column = {
  /** An id or key: compared and sorted by bytes. */
  id: as<string>({ type: 'text', collation: 'C' }),
  text: as<string>({ type: 'text' }),
  texts: as<readonly string[]>({ type: 'text', array: true }),
  flag: as<boolean>({ type: 'boolean' }),
  integer: as<number>({ type: 'integer' }),
  small: as<number>({ type: 'smallint' }),
  /** Minor units of the row's `currency`. */
  money: as<bigint>({ type: 'bigint' }),
  /** A counter that may outgrow an integer. */
  counter: as<bigint>({ type: 'bigint' }),
  /** Given by the database when the row is made. */
  number: as<bigint>({ type: 'bigint', generated: 'increment' }),
  at: as<Date>({ type: 'timestamptz' }),
  day: as<string>({ type: 'date' }),
  /** A whole number of any size, as text. */
  numeric: as<string>({ type: 'numeric' }),
  bytes: as<Buffer>({ type: 'bytea' }),
  /** Kept as written; read whole, never searched. */
  json: as<unknown>({ type: 'json' }),
  jsonb: as<unknown>({ type: 'jsonb' }),
};

/** The same column, part of the primary key. */
export function primary<Value>(of: Column<Value>): Column<Value> {
  return { ...of, primary: true };
}

/** The same column, which may be null. */
export function nullable<Value>(of: Column<Value>): Column<Value | null> {
  return { ...of, nullable: true };
}

/** The same column with a default: a plain value, or a function returning SQL. */
export function withDefault<Value>(
  of: Column<Value>,
  given: string | number | boolean | (() => string),
): Column<Value> {
  return { ...of, default: given };
}

type Index = {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique?: true;
  readonly where?: string;
};

type Keys = {
  /** Referenced table by the columns that refer to it; they have the same names there. */
  readonly references?: Readonly<Record<string, readonly string[]>>;
  /** Columns that refer to the primary key of the same table under other names. */
  readonly refersToOwn?: readonly string[];
  readonly indexes?: readonly Index[];
  /** Names of indexes TypeORM can not describe: on expressions, or of another kind than btree. */
  readonly specialIndexes?: readonly string[];
  /** Names of CHECK constraints. Their conditions stand in the migration; TypeORM compares names. */
  readonly checks?: readonly string[];
};

function keyOf(columns: Columns): string[] {
  return Object.keys(columns).filter((name) => columns[name]?.primary === true);
}

/** Describes a table for TypeORM; rows are plain objects whose keys are the column names. */
export function table<const C extends Columns>(
  name: string,
  columns: C,
  { references = {}, refersToOwn, indexes = [], specialIndexes = [], checks = [] }: Keys = {},
): EntitySchema<RowWith<C>> {
  return new EntitySchema<RowWith<C>>({
    name,
    columns,
    foreignKeys: [
      ...Object.entries(references).map(([target, names]) => ({
        target,
        columnNames: [...names],
        referencedColumnNames: [...names],
      })),
      ...(refersToOwn ? [{ target: name, columnNames: [...refersToOwn], referencedColumnNames: keyOf(columns) }] : []),
    ],
    indices: [
      ...indexes.map((index) => ({ ...index, columns: [...index.columns] })),
      // A description it does not act on keeps TypeORM from dropping them.
      ...specialIndexes.map((special) => ({
        name: special,
        columns: ['workspace_id'],
        synchronize: false,
      })),
    ],
    checks: checks.map((check) => ({ name: check, expression: 'see the migration' })),
  });
}
