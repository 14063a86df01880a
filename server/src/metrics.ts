import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export type Sample = { value: number; labels?: Record<string, string> };

/** The numbers of one server, as Prometheus reads them. Rooms register theirs; nothing is counted twice under two names. */
export type Metrics = {
  /** Measured when somebody asks. A gauge that fails is left out of that answer and the others still given. */
  gauge(name: string, help: string, measure: Measure): void;
  counter(name: string, help: string, labels?: string[]): (labels?: Record<string, string>, by?: number) => void;
  histogram(
    name: string,
    help: string,
    labels: string[],
    buckets: number[],
  ): (labels: Record<string, string>, value: number) => void;
  /** Text format, with its content type. */
  render(): Promise<{ body: string; contentType: string }>;
};

type Measure = () => Sample[] | number | Promise<Sample[] | number>;

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauges = new Map<string, { help: string; measure: Measure }>();
  const failures = new Counter({
    name: 'coop_gauge_failures_total',
    help: 'Gauges that could not be measured when asked for',
    labelNames: ['gauge'],
    registers: [registry],
  });

  return {
    gauge: (name, help, measure) => {
      if (gauges.has(name) || registry.getSingleMetric(name) !== undefined)
        throw new Error(`the metric ${name} exists already`);
      gauges.set(name, { help, measure });
    },
    counter: (name, help, labels = []) => {
      const counter = new Counter({ name, help, labelNames: labels, registers: [registry] });
      return (values = {}, by = 1) => counter.inc(values, by);
    },
    histogram: (name, help, labels, buckets) => {
      const histogram = new Histogram({ name, help, labelNames: labels, buckets, registers: [registry] });
      return (values, value) => histogram.observe(values, value);
    },
    render: async () => {
      const measured = new Registry();
      for (const [name, { help, measure }] of gauges) {
        try {
          fill(measured, name, help, await measure());
        } catch {
          failures.inc({ gauge: name });
        }
      }
      return { body: (await registry.metrics()) + (await measured.metrics()), contentType: registry.contentType };
    },
  };
}

/** Made anew each time: its labels are those of its samples, and none of the time before stays. */
function fill(registry: Registry, name: string, help: string, measured: Sample[] | number): void {
  const samples: Sample[] = typeof measured === 'number' ? [{ value: measured }] : measured;
  const labelNames = [...new Set(samples.flatMap(({ labels = {} }) => Object.keys(labels)))];
  const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
  for (const { value, labels = {} } of samples) gauge.set(labels, value);
}
