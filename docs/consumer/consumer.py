"""Prints every record of the topic: the contract is all that a reader in another language needs.

    pip install -r requirements.txt
    python -m grpc_tools.protoc -I ../../proto --python_out=. logpulse/v1/log_record.proto logpulse/v1/log_batch.proto
    python consumer.py 127.0.0.1:9092 logpulse-batches
"""
import sys
from kafka import KafkaConsumer
from logpulse.v1.log_batch_pb2 import LogBatch

broker, topic = sys.argv[1:3]
for message in KafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest", consumer_timeout_ms=10_000):
    batch = LogBatch.FromString(message.value)
    rejected = {reject.index for reject in batch.rejects}
    for index, record in enumerate(batch.records):
        if index not in rejected:
            print(f"{batch.producer_id.hex()}-{batch.first_seq + index}", record.service, record.message)
