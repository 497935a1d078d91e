import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { type Expression, type ObjectExpression, type Options, type Program, parse } from 'acorn';
import type { Path } from '../problem.ts';
import { type Place, TOP } from './source.ts';

const SYNTAX: Options = { ecmaVersion: 'latest', sourceType: 'module', locations: true, allowHashBang: true };

/** What acorn says about a text that it can't parse. */
interface AcornError {
  loc: { line: number; column: number };
}

/**
 * Finds where a config module writes down the value at a path: follows the object literal of
 * `export default {…}` or `export default defineProject({…})` through literals, constants of the same file
 * and spreads. What is computed has no place of its own; the nearest key around it is named instead.
 */
export class ModulePlaces {
  readonly #root: Expression | undefined;
  readonly #constants = new Map<string, Expression>();

  /** Reads the file, once something has to be located. A file that can't be parsed has only its beginning. */
  constructor(file: string) {
    const program = parseModule(file);
    for (const statement of program?.body ?? []) {
      const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
      if (declaration?.type === 'VariableDeclaration') {
        for (const { id, init } of declaration.declarations) {
          if (id.type === 'Identifier' && init) this.#constants.set(id.name, init);
        }
      } else if (statement.type === 'ExportDefaultDeclaration' && isExpression(statement.declaration)) {
        this.#root = statement.declaration;
      }
    }
  }

  locate(path: Path): Place {
    let node = this.#follow(this.#root);
    let place = node?.loc ? { line: node.loc.start.line, column: node.loc.start.column + 1, depth: 0 } : TOP;
    for (const [index, key] of path.entries()) {
      const member = this.#memberOf(node, key);
      if (!member?.key.loc) break;
      place = { line: member.key.loc.start.line, column: member.key.loc.start.column + 1, depth: index + 1 };
      node = this.#follow(member.value);
    }
    return place;
  }

  #memberOf(node: Expression | undefined, key: string | number): { key: Expression; value: Expression } | undefined {
    if (node?.type === 'ArrayExpression' && typeof key === 'number') {
      const items = node.elements.slice(0, key + 1);
      const item = items[key];
      if (!item || items.some((element) => element?.type === 'SpreadElement')) return undefined;
      return item.type === 'SpreadElement' ? undefined : { key: item, value: item };
    }
    return node?.type === 'ObjectExpression' ? this.#propertyOf(node, String(key)) : undefined;
  }

  #propertyOf(object: ObjectExpression, name: string): { key: Expression; value: Expression } | undefined {
    for (const property of object.properties.toReversed()) {
      if (property.type === 'SpreadElement') {
        const found = this.#memberOf(this.#follow(property.argument), name);
        if (found) return found;
      } else if (!property.computed && property.kind === 'init') {
        const { key } = property;
        const written = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
        if (written === name) return { key: key as Expression, value: property.value };
      }
    }
    return undefined;
  }

  /** From a name to what it stands for, from `defineProject({…})` to its argument; bounded against cycles. */
  #follow(node: Expression | undefined): Expression | undefined {
    let current = node;
    for (let step = 0; step < 20; step++) {
      if (current?.type === 'Identifier') current = this.#constants.get(current.name);
      else if (current?.type === 'CallExpression') {
        const [argument] = current.arguments;
        current = argument?.type === 'SpreadElement' ? undefined : argument;
      } else return current;
    }
    return undefined;
  }
}

/** Where a module's text stops being JavaScript or TypeScript, as far as can be told. */
export function locateSyntaxError(file: string): { line: number; column: number } | undefined {
  try {
    parse(readScript(file), SYNTAX);
    return undefined;
  } catch (error) {
    if (isAcornError(error)) return { line: error.loc.line, column: error.loc.column + 1 };
    // The type stripper says it at the head of the stack only: `:LINE`, the source, and carets under it.
    const [head = ''] = (error instanceof Error ? (error.stack ?? '') : '').split('\nSyntaxError');
    const line = Number(/^[^\n]*:(\d+)\n/.exec(`${head}\n`)?.[1]);
    const column = /^( *)\^+$/m.exec(head)?.[1]?.length ?? 0;
    return line >= 1 ? { line, column: column + 1 } : undefined;
  }
}

function parseModule(file: string): Program | undefined {
  try {
    return parse(readScript(file), SYNTAX);
  } catch {
    return undefined;
  }
}

function readScript(file: string): string {
  const text = readFileSync(file, 'utf8');
  return file.endsWith('ts') ? withoutTypes(text) : text;
}

/** Types become spaces, so every position stays what it was. */
function withoutTypes(text: string): string {
  // Node warns on its first use that stripTypeScriptTypes is experimental: no news for who mistyped a key.
  const warn = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(text, { mode: 'strip' });
  } finally {
    process.emitWarning = warn;
  }
}

function isExpression(node: { type: string }): node is Expression {
  return !['FunctionDeclaration', 'ClassDeclaration'].includes(node.type);
}

function isAcornError(error: unknown): error is AcornError {
  return error instanceof SyntaxError && 'loc' in error && typeof error.loc === 'object';
}
