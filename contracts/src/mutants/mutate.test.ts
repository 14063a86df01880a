import { expect, test } from 'vitest';
import { mutate, SWITCH } from './mutate.ts';
import { treeOf } from './build.ts';

const source = `pragma solidity 0.8.37;
contract Till {
    error TooMuch(uint256 amount, uint256 left);
    uint256 public held;
    modifier watched() { _; }
    function take(uint256 amount, address to, address from) external watched returns (uint256 part) {
        require(amount <= held, TooMuch(amount, held - 1));
        if (to == from) return 0;
        held -= amount;
        part = amount / 2;
        send(to, from);
    }
    function send(address to, address from) private {}
}`;

test('a source is changed wherever one operator, statement, guard or order could be wrong', () => {
  const { mutants } = mutate(Buffer.from(source), treeOf('Till.sol', { 'Till.sol': source }));

  expect(mutants.map(({ line, after }) => `${line}: ${after}`).toSorted()).toEqual([
    '10: part = ((amount) + (2) - 1) / (2);',
    '10: {}',
    '11: send(from, to);',
    '11: {}',
    '6: function take(uint256 amount, address to, address from) external returns (uint256 part) {',
    '7: require(amount < held, TooMuch(amount, held - 1));',
    '7: {}',
    '8: if (false) return 0;',
    '8: if (true) return 0;',
    '9: {}',
  ]);
});

test('one source holds all of them, each behind a switch of its own', () => {
  const { mutants, switched } = mutate(Buffer.from(source), treeOf('Till.sol', { 'Till.sol': source }));

  expect(switched).toContain(`uint256 constant MUTANT = 0x${SWITCH};`);
  const apart = mutants.filter((mutant) => mutant.source !== undefined);
  expect(apart.map(({ line }) => line)).toEqual([6]);
  for (const { id, source: own } of mutants) {
    expect(new RegExp(`MUTANT [!=]= ${id}\\b`).test(switched)).toBe(own === undefined);
  }
  expect(() => treeOf('Till.sol', { 'Till.sol': switched })).not.toThrow();
});
