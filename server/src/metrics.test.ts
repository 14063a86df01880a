import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('gauges are measured when asked, by label, and one that fails takes nothing with it', async () => {
  const metrics = createMetrics();
  let machines = 3;
  metrics.gauge('coop_links', 'Links', () => machines);
  metrics.gauge('coop_runs', 'Runs by state', async () => [
    { value: 2, labels: { state: 'running' } },
    { value: 1, labels: { state: 'queued' } },
  ]);
  metrics.gauge('coop_broken', 'Broken', () => {
    throw new Error('no database');
  });
  const count = metrics.counter('coop_things_total', 'Things', ['kind']);
  count({ kind: 'a' });
  count({ kind: 'a' }, 2);
  const first = (await metrics.render()).body;
  expect(first).toContain('\ncoop_links 3\n');
  expect(first).toContain('coop_runs{state="running"} 2');
  expect(first).toContain('coop_things_total{kind="a"} 3');
  machines = 4;
  const second = await metrics.render();
  expect(second.body).toContain('\ncoop_links 4\n');
  expect(second.body).not.toMatch(/^coop_broken \d/m);
  expect(second.body).toContain('coop_gauge_failures_total{gauge="coop_broken"}');
  expect(second.contentType).toContain('text/plain');
  expect(() => metrics.gauge('coop_links', 'Links again', () => 0)).toThrow('exists already');
});
