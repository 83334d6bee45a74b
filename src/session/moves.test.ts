import { expect, test } from 'vitest'

import { Moves } from './moves.ts'

test('who comes with the old key waits for the one that moves, and hears the new key', async () => {
  const moves = new Moves()
  expect(moves.follow('old')).toBeNull()
  moves.begin('old')
  moves.begin('old')
  const followed = moves.follow('old')
  moves.end('old', null)
  moves.end('old', 'new')
  expect(await followed).toBe('new')
  expect(await moves.follow('old')).toBe('new')
})

test('one that did not move it does not undo the move of another', async () => {
  const moves = new Moves()
  moves.begin('old')
  moves.begin('old')
  moves.end('old', 'new')
  moves.end('old', null)
  expect(await moves.follow('old')).toBe('new')
})

test('where nobody moved it, there is nothing to follow', async () => {
  const moves = new Moves()
  moves.begin('old')
  const followed = moves.follow('old')
  moves.end('old', null)
  expect([await followed, moves.follow('old')]).toEqual([null, null])
})
