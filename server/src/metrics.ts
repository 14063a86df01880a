import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type Sample = { value: number; labels?: Record<string, string> };

/** The numbers of one server, as Prometheus reads them. Rooms register theirs; nothing is counted twice under two names. */
export type Metrics = {
  /** Measured when somebody asks. A gauge that fails is left out of that answer and the others still given. */
  gauge(name: string, help: string, measure: () => Sample[] | number | Promise<Sample[] | number>): void;
  counter(name: string, help: string, labels?: string[]): (labels?: Record<string, string>, by?: number) => void;
  histogram(name: string, help: string, labels: string[], buckets: number[]): (labels: Record<string, string>, value: number) => void;
  /** Text format, with its content type. */
  render(): Promise<{ body: string; contentType: string }>;
};

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const failures = new Counter({
    name: 'coop_gauge_failures_total',
    help: 'Gauges that could not be measured when asked for',
    labelNames: ['gauge'],
    registers: [registry],
  });

  return {
    gauge: (name, help, measure) => {
      new Gauge({
        name,
        help,
        registers: [registry],
        // prom-client wants the names of labels beforehand, but takes them from the samples just as well.
        labelNames: [],
        async collect() {
          this.reset();
          const measured = await Promise.resolve()
            .then(measure)
            .catch(() => failures.inc({ gauge: name }));
          if (measured === undefined) return;
          const samples = typeof measured === 'number' ? [{ value: measured }] : measured;
          for (const { value, labels } of samples) this.set((labels ?? {}) as never, value);
        },
      });
    },
    counter: (name, help, labels = []) => {
      const counter = new Counter({ name, help, labelNames: labels, registers: [registry] });
      return (values = {}, by = 1) => counter.inc(values, by);
    },
    histogram: (name, help, labels, buckets) => {
      const histogram = new Histogram({ name, help, labelNames: labels, buckets, registers: [registry] });
      return (values, value) => histogram.observe(values, value);
    },
    render: async () => ({ body: await registry.metrics(), contentType: registry.contentType }),
  };
}
