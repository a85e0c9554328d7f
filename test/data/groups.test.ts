import { describe, expect, it } from 'vitest';
import {
  cellCounts,
  checkGroup,
  everyone,
  type GroupColumn,
  groupNamed,
  productOfGroups,
} from '../../src/data/groups.js';
import { ConfigError, DataError } from '../../src/ir/errors.js';

const sex: GroupColumn = { name: 'sex', names: ['F', 'M'], values: Int32Array.of(0, 1, 1, 0) };
const race: GroupColumn = { name: 'race', names: ['a', 'b', 'c'], values: Int32Array.of(2, 0, 1, 2) };

describe('productOfGroups', () => {
  it('has a group for each combination, the last column fastest', () => {
    expect(productOfGroups([sex, race])).toEqual({
      name: 'sex×race',
      names: ['F×a', 'F×b', 'F×c', 'M×a', 'M×b', 'M×c'],
      values: Int32Array.of(2, 3, 4, 2),
    });
    expect(productOfGroups([race])).toBe(race);
  });

  it('refuses nothing, and more groups than can be judged', () => {
    expect(() => productOfGroups([])).toThrow(ConfigError);
    const names = Array.from({ length: 101 }, (_, i) => String(i));
    const many: GroupColumn = { name: 'many', names, values: new Int32Array(4) };
    expect(() => productOfGroups([many, { ...many, name: 'more' }])).toThrow(/many×more has 10201 groups/);
  });
});

describe('groupNamed', () => {
  it('finds a column and makes a product', () => {
    expect(groupNamed([sex, race], 'race', 'toy')).toBe(race);
    for (const name of ['race×sex', 'race*sex', 'race × sex']) {
      expect(groupNamed([sex, race], name, 'toy').values).toEqual(Int32Array.of(4, 1, 3, 4));
    }
  });

  it('prefers a column that is itself called like a product', () => {
    const both = { ...race, name: 'sex×race' };
    expect(groupNamed([sex, race, both], 'sex×race', 'toy')).toBe(both);
  });

  it('names the columns there are', () => {
    expect(() => groupNamed([sex, race], 'age×sex', 'toy')).toThrow(
      /toy: there is no group column "age"; it has sex, race/,
    );
    expect(() => groupNamed([], 'age', 'toy')).toThrow(/it has none/);
  });
});

describe('cellCounts', () => {
  it('counts classes in groups, also of some samples', () => {
    const labels = Int32Array.of(0, 1, 1, 0);
    expect(cellCounts({ labels, classes: 3 }, sex)).toEqual([
      [2, 0],
      [0, 2],
      [0, 0],
    ]);
    expect(cellCounts({ labels, classes: 2 }, race, Int32Array.of(0, 0, 2))).toEqual([
      [0, 0, 2],
      [0, 1, 0],
    ]);
    expect(cellCounts({ labels, classes: 2 }, everyone(4))).toEqual([[2], [2]]);
  });
});

describe('checkGroup', () => {
  it('refuses columns of another length and groups that are not named', () => {
    expect(() => checkGroup(sex, 4, 'toy')).not.toThrow();
    expect(() => checkGroup(sex, 5, 'toy')).toThrow(DataError);
    expect(() => checkGroup({ ...sex, values: Int32Array.of(0, 2, 0, 0) }, 4, 'toy')).toThrow(
      /toy: sample 1 has group 2 in column sex, but its 2 groups are 0 to 1/,
    );
    expect(() => checkGroup({ ...sex, values: Int32Array.of(0, 0, 0, -1) }, 4, 'toy')).toThrow(/sample 3 has group -1/);
  });
});
