/** Names a producer: where its rows are. */
export interface ProducerKey {
  producerDay: number;
  tenant: string;
  /** 32 hexadecimal digits. */
  producer: string;
}

/** The key as text. Sorted by it, producers have an order that is the same for everybody: that in which they are locked. */
export function keyText({ producerDay, tenant, producer }: ProducerKey): string {
  return `${producerDay} ${producer} ${tenant}`;
}

/** The values of the columns producer_day, tenant and producer. */
export function keyValues({ producerDay, tenant, producer }: ProducerKey): [number, Buffer, Buffer] {
  return [producerDay, Buffer.from(tenant), Buffer.from(producer, "hex")];
}
