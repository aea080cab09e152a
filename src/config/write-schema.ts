/** `make schema`: writes `evpnd.schema.json`, by which editors complete and check the configuration file. */
import { writeFileSync } from 'node:fs';
import { jsonSchema } from './schema.ts';

writeFileSync('evpnd.schema.json', `${JSON.stringify(jsonSchema(), null, 2)}\n`);
