import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = await filesIn('src', '.ts');

// Lines of code, without blanks and comments.
const longest = 250;

// Each of them says nothing about what the thing is or does.
const banned: Record<string, string> = {
  handler: 'name the step it does',
  service: 'name the noun it is about',
  manager: 'name what it keeps or decides',
  util: 'put the function beside what it works on',
  helper: 'put the function beside what it works on',
};

describe('sources', () => {
  test('are short enough to read', async () => {
    const lengths = await Promise.all(
      sources.map(async (file) => ({
        file,
        lines: (await read(file)).split('\n').filter(isCode).length,
      })),
    );
    expect(lengths.filter(({ lines }) => lines > longest)).toEqual([]);
  });

  test('have names that say something', async () => {
    const named = await Promise.all(sources.map(namesIn));
    const vague = named.flat().flatMap(({ file, name }) => {
      const word = wordsIn(name).find((one) => one in banned);
      return word ? [`${file}: ${name} (${word}: ${banned[word]})`] : [];
    });
    expect(vague).toEqual([]);
  });
});

test('rows are reached through a workspace: nobody but the store and the loop that listens knows the pool', async () => {
  const knowing = await Promise.all(
    sources.map(async (file) => (/\.pool\b|\{ pool\b/.test(await read(file)) ? [file] : [])),
  );
  const named = knowing.flat().filter((file) => !file.startsWith(path.join('src', 'store')));
  expect(named).toEqual([path.join('src', 'work', 'loop.ts')]);
});

test('migrations have names that sort by time', async () => {
  const names = await readdir(path.join(root, 'migrations'));
  const wrong = names.filter((name) => !/^\d{8}T\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.sql$/.test(name) || !isMoment(name));
  expect(wrong).toEqual([]);
  expect(new Set(names.map((name) => name.slice(0, 13))).size).toBe(names.length);
});

test('the README names only commands that exist', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
  const known = new Set([...Object.keys(scripts), 'ci', 'install']);
  const named = [...(await read('README.md')).matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)].map(([, name = '']) => name);
  expect(named).toContain('test');
  expect(named).toContain('start');
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test('the changelog has room for what is not released', async () => {
  expect(await read('CHANGELOG.md')).toMatch(/^## \[?Unreleased\]?/m);
});

test('every variable of .env.example is known to the configuration', async () => {
  const named = [...(await read('.env.example')).matchAll(/^#? ?([A-Z_]+)=/gm)].map(([, name = '']) => name);
  const config = await read('src/config.ts');
  const forComposeOnly = ['POSTGRES_PASSWORD'];
  expect(named.filter((name) => !config.includes(name) && !forComposeOnly.includes(name))).toEqual([]);
});

test('the lock file records no download addresses', async () => {
  expect(await read('package-lock.json')).not.toContain('"resolved"');
});

function isCode(line: string): boolean {
  return !/^\s*($|\/\/|\/?\*)/.test(line);
}

function isMoment(name: string): boolean {
  const [, year, month, day, hour, minute] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/.exec(name) ?? [];
  const text = `${year}-${month}-${day}T${hour}:${minute}`;
  const moment = new Date(`${text}Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}

async function namesIn(file: string): Promise<{ file: string; name: string }[]> {
  const exported = (await read(file)).matchAll(
    /^export (?:default )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|type|interface) (\w+)/gm,
  );
  const inPath = file.replace(/\.ts$/, '').split(path.sep).slice(1);
  return [...inPath, ...[...exported].map(([, name = '']) => name)].map((name) => ({ file, name }));
}

/** `webhookHandlers` → webhook, handler; plurals count as their singular. */
function wordsIn(name: string): string[] {
  return name.split(/[^A-Za-z]+|(?<=[a-z])(?=[A-Z])/).map((word) => word.toLowerCase().replace(/s$/, ''));
}

async function filesIn(folder: string, ending: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true });
  return entries.filter((name) => name.endsWith(ending)).map((name) => path.join(folder, name));
}

function read(file: string): Promise<string> {
  return readFile(path.join(root, file), 'utf8');
}
