import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, FileError } from '../../ir/errors.js';
import { quoted, wrongLine } from '../corrupt.js';
import { type DatasetParts, type ImageFileDataset, imageFileDataset } from '../dataset.js';
import { fileError, readFileOrThrow } from '../files.js';
import '../image/node.js';
import { decodeText, linesOf } from '../text.js';

/** Files and classes of a list. */
export interface ImageList {
  readonly file: string;
  readonly paths: readonly string[];
  readonly labels: Int32Array;
  /** Line of each, from 1. */
  readonly lines: Int32Array;
}

/** Far more than there are classes of anything; a number beyond is a mistake, and the table of classes would not fit into memory. */
const MAX_CLASSES = 1_000_000;

/**
 * A path of a list as one below the folder of the images.
 * @throws DataError when it leads out of that folder
 */
export function containedPath(text: string, file: string, line: number): string {
  const path = text.replace(/^(\.\/)+/, '');
  const parts = path.split('/');
  if (/[\\:]/.test(path) || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw wrongLine(
      file,
      line,
      `a path must lie below the folder of the images, with / between folders, found ${quoted(text)}`,
      'correct it, and do not trust where this list came from',
    );
  }
  return path;
}

/**
 * Reads lines of a path and a class, as ImageNet-LT and iNaturalist publish them; the last run of spaces or tabs stands between the two.
 * @param file name used in error messages
 * @throws DataError naming the line that is not of this form or leads out of the folder
 */
export function parseImageList(bytes: Uint8Array, file: string): ImageList {
  const paths: string[] = [];
  const labels: number[] = [];
  const lines: number[] = [];
  linesOf(decodeText(bytes, file)).forEach((text, i) => {
    if (text.trim() === '') return;
    const [, path, label] = /^\s*(\S.*?)[ \t]+(\d+)\s*$/.exec(text) ?? [];
    if (path === undefined || Number(label) >= MAX_CLASSES) {
      throw wrongLine(
        file,
        i + 1,
        `a line must be a path and a class from 0 to ${MAX_CLASSES - 1}, found ${quoted(text)}`,
        'correct the line',
      );
    }
    paths.push(containedPath(path, file, i + 1));
    labels.push(Number(label));
    lines.push(i + 1);
  });
  if (paths.length === 0) throw new DataError(`${file}: lists no images; check that this is the right file.`);
  return { file, paths, labels: Int32Array.from(labels), lines: Int32Array.from(lines) };
}

/** How image files are seen. */
export interface ImageFileOptions {
  readonly name: string;
  /** Pixels of the inputs, height and width. Default 224. */
  readonly side?: number;
  /** Length to which the shorter side is scaled before the middle is cut out. Default 8/7 of `side`: 256 for 224. */
  readonly resize?: number;
  /** 1 or 3. Default 3. */
  readonly channels?: 1 | 3;
}

/** What {@link imageFileDataset} needs of the options. */
export const viewOf = ({ side = 224, resize = Math.round((side * 8) / 7), channels = 3 }: ImageFileOptions) => ({
  imageShape: [side, side, channels] as const,
  resize,
});

/** The one file whose name ends in `suffix`; `undefined` if there is none. */
function findList(folder: string, entries: readonly string[], suffix: string): string | undefined {
  const found = entries.filter((entry) => entry.endsWith(suffix));
  if (found.length <= 1) return found[0];
  throw new FileError(
    `${folder}: ${found.join(' and ')} both end in ${suffix}; keep one of them here, for it names the images of a part.`,
  );
}

/**
 * Reads image lists over a folder of images: the files whose names end in `train.txt`, `val.txt` and `test.txt` (ImageNet-LT has
 * `ImageNet_LT_train.txt`, …; iNaturalist has no test set, so its `val.txt` serves as one), with paths below the folder itself. Images are opened when
 * a batch needs them.
 *
 * @throws FileError when the folder or a list is missing or unreadable
 * @throws DataError naming file and line of what is wrong
 */
export async function loadImageLists(
  folder: string,
  options: ImageFileOptions,
): Promise<DatasetParts<ImageFileDataset>> {
  let entries: string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    throw fileError('read the data folder', folder, error);
  }
  const read = async (suffix: string): Promise<ImageList | undefined> => {
    const entry = findList(folder, entries, suffix);
    if (entry === undefined) return undefined;
    const path = join(folder, entry);
    return parseImageList(await readFileOrThrow(path), path);
  };
  const [train, validation, test] = [await read('train.txt'), await read('val.txt'), await read('test.txt')];
  const last = test ?? validation;
  if (!train || !last) {
    throw new FileError(
      `${folder}: no file whose name ends in ${train ? 'test.txt or val.txt' : 'train.txt'}; put the lists of images into this folder.`,
    );
  }
  const classes = train.labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const part = ({ file, paths, labels, lines }: ImageList, which: string): ImageFileDataset => {
    const beyond = labels.findIndex((label) => label >= classes);
    if (beyond >= 0) {
      throw wrongLine(
        file,
        lines[beyond]!,
        `class ${labels[beyond]} does not occur in the training list, whose classes are 0 to ${classes - 1}`,
        'check that the lists belong together',
      );
    }
    const name = `${options.name} (${which})`;
    return imageFileDataset({
      name,
      root: folder,
      paths,
      labels,
      classes,
      origin: { file, lines },
      ...viewOf(options),
    });
  };
  return {
    train: part(train, 'training'),
    ...(test && validation && { validation: part(validation, 'validation') }),
    test: part(last, 'test'),
  };
}
