import type { QueryResult, QueryResultRow } from 'pg';

/** Where a query runs: a transaction's client, or the pool for a statement that is a transaction of its own. */
export type Tx = {
  query<Row extends QueryResultRow>(query: {
    name?: string;
    text: string;
    values?: unknown[];
  }): Promise<QueryResult<Row>>;
};
