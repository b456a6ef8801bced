import pg from 'pg';

/** The name of the unique index that refused a row; null: the error says something else. */
export function takenIndex(error: unknown): string | null {
  return error instanceof pg.DatabaseError && error.code === '23505' ? (error.constraint ?? '') : null;
}
