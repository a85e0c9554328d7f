import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigError, DataError, FileError, NumericError } from '../ir/errors.js';
import { messageOf } from '../ir/message-of.js';
import {
  ensureWritableDirectory,
  errnoOf,
  fileError,
  readFileOrThrow,
  temporaryWriter,
  writeFileAtomic,
} from './files.js';

const METRICS = 'metrics.ndjson';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const NEWLINE = 0x0a;

/** Typed arrays as plain arrays; numbers that JSON cannot hold go to `onNonFinite`. */
function toJson(value: unknown, indent: number, onNonFinite: (key: string, value: number) => unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(
      value,
      (key, item: unknown) => {
        if (typeof item === 'number' && !Number.isFinite(item)) return onNonFinite(key, item);
        return ArrayBuffer.isView(item) && isIterable(item) ? Array.from(item) : item;
      },
      indent,
    );
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigError(`This value cannot be written as JSON (${error.message}); remove the cycle or the bigint.`, {
      cause: error,
    });
  }
  if (text === undefined)
    throw new ConfigError(`A ${typeof value} cannot be written as JSON; give an object or an array.`);
  return text;
}

const isIterable = (value: object): value is Iterable<unknown> => Symbol.iterator in value;

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${where}: not valid JSON (${messageOf(error)}); the file was damaged or edited by hand.`, {
      cause: error,
    });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user.
    return errnoOf(error) !== 'ESRCH';
  }
}

/** The folder of one run: everything it writes, each file whole or absent whatever happens to the process. */
export class RunDirectory {
  readonly path: string;
  #appends: Promise<void> = Promise.resolve();
  #tailChecked = false;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes `<root>/<name>-N` with N one above the largest in use, creating `root` where missing. Safe against other processes doing
   * the same: each gets its own folder.
   * @param name letters, digits, `.`, `_`, `-`; starting with a letter or digit
   * @throws ConfigError when the name is not of that form
   * @throws FileError when the folder cannot be made
   */
  static async create(root: string, name: string): Promise<RunDirectory> {
    if (!NAME.test(name)) {
      throw new ConfigError(
        `A run's name may have up to 100 letters, digits, '.', '_' and '-', and starts with a letter or digit, got '${name}'.`,
      );
    }
    await ensureWritableDirectory(root);
    try {
      const numbers = (await readdir(root))
        .filter((entry) => entry.startsWith(`${name}-`))
        .map((entry) => entry.slice(name.length + 1))
        .filter((suffix) => /^[1-9][0-9]{0,14}$/.test(suffix))
        .map(Number);
      for (let number = Math.max(0, ...numbers) + 1; ; number++) {
        const path = join(root, `${name}-${number}`);
        try {
          await mkdir(path);
          return new RunDirectory(path);
        } catch (error) {
          if (errnoOf(error) !== 'EEXIST') throw error;
        }
      }
    } catch (error) {
      throw fileError('create a run folder in', root, error);
    }
  }

  /**
   * Opens the folder of an earlier run.
   * @throws FileError when it does not exist or is not a folder
   */
  static async open(path: string): Promise<RunDirectory> {
    let isFolder: boolean;
    try {
      isFolder = (await stat(path)).isDirectory();
    } catch (error) {
      throw fileError('open the run folder', path, error);
    }
    if (!isFolder) throw new FileError(`Cannot open the run folder ${path}: it is a file; name the folder of a run.`);
    return new RunDirectory(path);
  }

  /**
   * Removes what writes that were killed have left: temporary files of processes that are gone.
   * @throws FileError when the folder cannot be read
   */
  async removeLeftovers(): Promise<void> {
    try {
      for (const entry of await readdir(this.path)) {
        const writer = temporaryWriter(entry);
        if (writer !== undefined && !isAlive(writer)) await rm(join(this.path, entry), { force: true });
      }
    } catch (error) {
      throw fileError('read the run folder', this.path, error);
    }
  }

  /** The full path of a file of this run; `name` may contain folders but must stay inside. */
  #resolve(name: string): string {
    const parts = name.split('/');
    if (
      name.includes('\\') ||
      name.includes('\0') ||
      parts.some((part) => part === '' || part === '.' || part === '..')
    ) {
      throw new ConfigError(
        `A file of a run needs a relative name inside its folder, such as result.json, got '${name}'.`,
      );
    }
    return join(this.path, ...parts);
  }

  /**
   * Writes a file as a whole or not at all; see {@link writeFileAtomic}. Folders in `name` are created.
   * @throws ConfigError when the name leads out of the folder
   * @throws FileError when it cannot be written
   */
  async write(name: string, data: string | Uint8Array): Promise<void> {
    const path = this.#resolve(name);
    try {
      if (name.includes('/')) await mkdir(dirname(path), { recursive: true });
    } catch (error) {
      throw fileError('create the folder of', path, error);
    }
    await writeFileAtomic(path, data);
  }

  /**
   * Writes indented JSON, whole or not at all. Typed arrays become arrays.
   * @throws NumericError when a number is NaN or infinite, which JSON cannot hold
   * @throws ConfigError when the name leads out of the folder or the value is not JSON
   * @throws FileError when it cannot be written
   */
  async writeJson(name: string, value: unknown): Promise<void> {
    const text = toJson(value, 2, (key, number) => {
      throw new NumericError(`${name}: JSON cannot hold ${number} (at key '${key}'); write null or a text instead.`);
    });
    await this.write(name, `${text}\n`);
  }

  /**
   * @returns the bytes of a file of this run
   * @throws ConfigError when the name leads out of the folder
   * @throws FileError when it cannot be read
   */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    return readFileOrThrow(this.#resolve(name));
  }

  /**
   * @returns the parsed content of a JSON file of this run; check it before use
   * @throws ConfigError when the name leads out of the folder
   * @throws FileError when it cannot be read
   * @throws DataError when it is not JSON
   */
  async readJson(name: string): Promise<unknown> {
    return parseJson(new TextDecoder().decode(await this.read(name)), this.#resolve(name));
  }

  /**
   * Adds one line to metrics.ndjson and flushes it to disk before the promise resolves. NaN and infinities, which a diverging run
   * needs to record, are written as the texts "NaN", "Infinity" and "-Infinity". Calls that overlap are written in order.
   * @throws ConfigError when the metrics are not JSON
   * @throws FileError when it cannot be written
   */
  async appendMetrics(metrics: Readonly<Record<string, unknown>>): Promise<void> {
    const line = `${toJson(metrics, 0, (_, number) => String(number))}\n`;
    const done = this.#appends.then(() => this.#append(line));
    this.#appends = done.catch(() => undefined);
    await done;
  }

  async #append(line: string): Promise<void> {
    const path = join(this.path, METRICS);
    try {
      const handle = await open(path, 'a+');
      try {
        if (!this.#tailChecked) {
          // A crash may have left half a line; the next one must not be glued to it.
          const content = await handle.readFile();
          const whole = content.lastIndexOf(NEWLINE) + 1;
          if (whole < content.length) await handle.truncate(whole);
          this.#tailChecked = true;
        }
        await handle.writeFile(line);
        await handle.datasync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      this.#tailChecked = false; // the failed write may have left half a line itself
      throw fileError('write', path, error);
    }
  }

  /**
   * @returns the objects of metrics.ndjson in order, none if it does not exist; a last line cut off by a crash is left out
   * @throws FileError when it cannot be read
   * @throws DataError naming the line that is not a JSON object
   */
  async readMetrics(): Promise<Record<string, unknown>[]> {
    const path = join(this.path, METRICS);
    let bytes: Uint8Array;
    try {
      bytes = await readFileOrThrow(path);
    } catch (error) {
      if (error instanceof FileError && errnoOf(error.cause) === 'ENOENT') return [];
      throw error;
    }
    const lines = new TextDecoder().decode(bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1)).split('\n');
    return lines.slice(0, -1).map((line, i) => {
      const value = parseJson(line, `${path}: line ${i + 1}`);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new DataError(`${path}: line ${i + 1}: every line must be a JSON object; the file was edited by hand.`);
      }
      return { ...value };
    });
  }
}
