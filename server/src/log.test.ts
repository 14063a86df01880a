import { expect, test } from 'vitest';
import { createLog } from './log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void): { text: string; line: Record<string, unknown> } {
  let text = '';
  write(createLog({ destination: { write: (chunk) => void (text += chunk) } }));
  return { text, line: JSON.parse(text) as Record<string, unknown> };
}

test('secrets are hidden by their names, however deep', () => {
  const { text, line } = logged((log) =>
    log.info(
      {
        authorization: 'Bearer hunter2',
        order: {
          registry_auth: { username: 'u', password: 'hunter2' },
          list: [{ join_token: 'hunter2', client_secret: 'hunter2' }],
        },
        lease: { env: { DB: 'hunter2', EMPTY: '' }, secrets: { A: 'hunter2' }, image: 'python' },
        key: { apiKey: 'hunter2', private_key: 'hunter2', id: 'key_1' },
      },
      'an order',
    ),
  );
  expect(text).not.toContain('hunter2');
  expect(line).toMatchObject({
    level: 'info',
    msg: 'an order',
    order: { registry_auth: '[hidden]', list: [{ join_token: '[hidden]' }] },
    lease: { env: { DB: '[hidden]', EMPTY: '[hidden]' }, image: 'python' },
    key: { id: 'key_1' },
  });
});

test('our own keys and tokens are hidden in any text, also in the message of an error', () => {
  const key = `coop_key_${'0'.repeat(26)}_${'7'.repeat(52)}`;
  const { text, line } = logged((log) =>
    log.error({ err: new Error(`refused: ${key}`), url: `/x?k=${key}` }, `jtk_${'1'.repeat(26)} was used`),
  );
  expect(text).not.toMatch(/7777|1111/);
  expect(line['msg']).toBe('jtk_[hidden] was used');
  expect(line['err']).toMatchObject({ type: 'Error', message: `refused: coop_key_${'0'.repeat(26)}_[hidden]` });
});

test('a child log hides as its parent does', () => {
  const { text } = logged((log) =>
    log.child({ request_id: 'req_1', token: 'hunter2' }).warn({ password: 'hunter2' }, 'x'),
  );
  expect(text).not.toContain('hunter2');
  expect(text).toContain('req_1');
});
