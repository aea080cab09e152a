/**
 * The JSON schema of the daemon's API, generated from its types and their comments with the compiler's own eyes, so that
 * it cannot say anything else than the code. Run by itself (`make schema`) it writes docs/evpnctl.schema.json.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const FILES = ['views-bgp', 'views-evpn', 'views-hardware-vtep', 'api'].map((name) =>
  fileURLToPath(new URL(`../../src/control/${name}.ts`, import.meta.url)),
);
export const SCHEMA_FILE = fileURLToPath(new URL('../../docs/evpnctl.schema.json', import.meta.url));

/** What a reply, a row or a request body can be. */
const ROOTS = /(View|Summary|Reply|Request|Event)$/;

type Schema = Record<string, unknown>;

export function apiSchema(): Schema {
  const program = ts.createProgram(FILES, { strict: true, allowImportingTsExtensions: true, noEmit: true });
  const checker = program.getTypeChecker();
  const definitions: Record<string, Schema> = {};
  for (const file of FILES) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    for (const symbol of checker.getExportsOfModule(module)) {
      if (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias) && ROOTS.test(symbol.name)) {
        definitions[symbol.name] = {
          ...described(symbol, checker),
          ...structure(checker.getDeclaredTypeOfSymbol(symbol), checker, symbol.name),
        };
      }
    }
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: "evpnd's API, version 1",
    $defs: Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function described(symbol: ts.Symbol, checker: ts.TypeChecker): Schema {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s+/g, ' ');
  return text === '' ? {} : { description: text };
}

/** A reference where the type has a definition of its own, else its structure. */
function reference(type: ts.Type, checker: ts.TypeChecker): Schema {
  const name = type.aliasSymbol?.name ?? type.symbol?.name ?? '';
  return ROOTS.test(name) ? { $ref: `#/$defs/${name}` } : structure(type, checker, '');
}

function structure(type: ts.Type, checker: ts.TypeChecker, name: string): Schema {
  if (type.flags & ts.TypeFlags.String) return { type: 'string' };
  if (type.flags & ts.TypeFlags.Number) return { type: 'number' };
  if (type.flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
  if (type.flags & ts.TypeFlags.Unknown) return {};
  if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
  if (type.isUnion()) return union(type, checker);
  if (checker.isArrayType(type)) {
    return {
      type: 'array',
      items: reference(checker.getTypeArguments(type as ts.TypeReference)[0]!, checker),
    };
  }
  if (type.flags & ts.TypeFlags.Object || type.isIntersection()) return object(type, checker);
  throw new TypeError(
    `Cannot describe ${name || checker.typeToString(type)}: no schema for this kind of type`,
  );
}

function union(type: ts.UnionType, checker: ts.TypeChecker): Schema {
  const present = type.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
  if (present.every(({ flags }) => flags & ts.TypeFlags.BooleanLiteral)) return { type: 'boolean' };
  if (present.every((one) => one.isStringLiteral())) {
    return { type: 'string', enum: present.map((one) => (one as ts.StringLiteralType).value) };
  }
  const schemas = present.map((one) => reference(one, checker));
  return schemas.length === 1 ? schemas[0]! : { anyOf: schemas };
}

function object(type: ts.Type, checker: ts.TypeChecker): Schema {
  const properties = checker.getPropertiesOfType(type);
  const schemas = properties.map((property) => [
    property.name,
    { ...described(property, checker), ...reference(checker.getTypeOfSymbol(property), checker) },
  ]);
  const required = properties
    .filter(({ flags }) => !(flags & ts.SymbolFlags.Optional))
    .map(({ name }) => name);
  return { type: 'object', properties: Object.fromEntries(schemas), required };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(SCHEMA_FILE, `${JSON.stringify(apiSchema(), null, 2)}\n`);
}
