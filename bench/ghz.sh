#!/usr/bin/env bash
# ghz against a running full mode: Write and Upload through Envoy, by the descriptor set. Reports: docs/benchmarks/ghz-*.txt
#     npm run load:ghz            (first: npm run stack; ADDRESS=host:port for another place)
# producer_id stays empty: with a fixed one every call after the first would be a duplicate of it.
set -euo pipefail
cd "$(dirname "$0")/.."
address=${ADDRESS:-127.0.0.1:8080}
ghz=stack/.cache/ghz-$(sed -n 's/.*"ghz": "\(.*\)".*/\1/p' stack/versions.json)/ghz
out=${OUT:-docs/benchmarks}
mkdir -p "$out"
file=$(mktemp)
trap 'rm -f "$file"' EXIT

record='{"severity":"SEVERITY_INFO","service":"load","message":"GET /cart/{{.RequestNumber}} answered in 12 ms for a customer of the shop"}'
one="{\"records\":[$record]}"
hundred="{\"records\":[$(for _ in $(seq 99); do printf '%s,' "$record"; done)$record]}"

if [[ ! -x "$ghz" ]]; then
  echo "there is no $ghz: run npm run stack:install first" >&2
  exit 1
fi

run() { # name, call, total, concurrency, data, further options
  local name=$1 call=$2 total=$3 concurrency=$4 data=$5
  shift 5
  echo "== $name: $call, $total calls, $concurrency at a time"
  printf '%s' "$data" > "$file" # Twenty batches of a hundred records are longer than an argument may be.
  local command=("$ghz" --insecure --protoset gen/logpulse.binpb --call "logpulse.v1.IngestService.$call"
    --total "$total" --concurrency "$concurrency" --connections 8 --data-file "$file" "$@" "$address")
  {
    echo "# ghz --insecure --protoset gen/logpulse.binpb --call logpulse.v1.IngestService.$call --total $total" \
      "--concurrency $concurrency --connections 8 --data-file … $* (date: $(date -u +%F))"
    "${command[@]}"
  } | tee "$out/ghz-$name.txt"
}

run write-1 Write 20000 50 "$one"
run write-100 Write 5000 50 "$hundred"
# One call is a stream of 20 batches of 100 records.
run upload Upload 300 20 "[$(for _ in $(seq 19); do printf '%s,' "$hundred"; done)$hundred]"
