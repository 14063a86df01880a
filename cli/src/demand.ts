import type { Demand } from '@gpucoop/protocol/resources.ts';
import { command } from './grammar.ts';
import { renderTable } from './look/table.ts';
import { money, relativeTime } from './look/units.ts';
import { openSession } from './session.ts';

export const demand = command({
  about: 'What renters wait for, by class',
  flags: {},
  run: async (input) => {
    const { terminal } = input;
    const { client } = await openSession(input);
    const waiting = await client.market.demand();
    if (terminal.json) return terminal.printJson(waiting);
    if (waiting.length === 0) return terminal.print('Nobody waits: every order found a machine.');
    terminal.print(
      renderTable<Demand>(
        [
          { title: 'CLASS', value: (one) => one.class },
          { title: 'ORDERS', value: (one) => String(one.runs), align: 'right' },
          { title: 'UNITS', value: (one) => String(one.units), align: 'right' },
          {
            title: 'PAYS UP TO',
            value: (one) =>
              one.max_price_per_unit_hour === null ? 'any price' : `${money(one.max_price_per_unit_hour)}/unit·h`,
            align: 'right',
          },
          { title: 'WAITS SINCE', value: (one) => relativeTime(one.oldest_at, terminal.nowMs()) },
        ],
        waiting,
        terminal.width,
        terminal.look,
      ),
    );
  },
});
