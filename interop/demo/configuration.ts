/** Templates of the demo's configurations: YAML with `{{name}}` to fill in. */
import { readFileSync } from 'node:fs';

export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  const text = readFileSync(new URL(template, import.meta.url), 'utf8');
  return text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => String(values[key]));
}
