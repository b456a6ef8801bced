import { DefaultNamingStrategy, type Table, type View } from 'typeorm';

const nameLimit = 63;

/**
 * Names constraints the way PostgreSQL names them itself, so that errors, plans and migrations show
 * the same readable name; TypeORM's own names are hashes.
 */
export class PostgresNaming extends DefaultNamingStrategy {
  override primaryKeyName(table: Table | string): string {
    return `${bare(table)}_pkey`;
  }

  override uniqueConstraintName(table: Table | string, columns: string[]): string {
    return joined(bare(table), columns, 'key');
  }

  override foreignKeyName(table: Table | string, columns: string[]): string {
    return joined(bare(table), columns, 'fkey');
  }

  override indexName(table: Table | View | string, columns: string[]): string {
    return joined(bare(table), columns, 'idx');
  }

  override checkConstraintName(table: Table | string): string {
    return `${bare(table)}_check`;
  }
}

function bare(table: Table | View | string): string {
  const name = typeof table === 'string' ? table : table.name;
  return name.slice(name.lastIndexOf('.') + 1);
}

function joined(table: string, columns: string[], ending: string): string {
  return `${table}_${columns.join('_')}`.slice(0, nameLimit - ending.length - 1) + `_${ending}`;
}
