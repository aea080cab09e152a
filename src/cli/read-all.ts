/** A short list, read whole. */
import type { ControlClient, Query } from '../control/index.ts';

export async function readAll<T>(client: ControlClient, path: string, query: Query = {}): Promise<T[]> {
  const rows: T[] = [];
  for await (const batch of client.rows<T>(path, query)) rows.push(...batch);
  return rows;
}
