# Every target is one line. `make` alone lists them.
.PHONY: help run stop logs kibana demo stack stack-stop test lint load

ADDRESS ?= 127.0.0.1:8080
GHZ ?= stack/.cache/ghz-$(shell sed -n 's/.*"ghz": "\(.*\)".*/\1/p' stack/versions.json)/ghz
RECORD = {"records": [{"severity": "SEVERITY_INFO", "service": "load", "message": "call {{.RequestNumber}}"}]}

help: ## This list.
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile

run: ## The full mode in Docker: builds the image, starts everything, waits until it is healthy. Needs .env (.env.example).
	docker compose up --build --detach --wait

stop: ## Stops what `make run`, `make kibana` or `make demo` started. Data stays in its volumes.
	docker compose --profile kibana --profile demo down

logs: ## The roles' own logs, as they are written.
	docker compose logs --follow ingest worker-elasticsearch worker-mysql query stats

kibana: ## Kibana with our data view on http://localhost:5601, beside what runs.
	docker compose --profile kibana up --detach

demo: ## 50 requests a second of 100 made-up access lines, beside what runs. How many: RPS and QTY_IN_BATCH in .env.
	docker compose --profile demo up --detach

stack: ## The full mode without Docker: the real servers as processes (first: npm run stack:install).
	npm run stack

stack-stop: ## Stops what `make stack` started.
	npm run stack:stop

test: ## All tests.
	npm test

lint: ## Code, contract and types.
	npm run lint

load: ## 20,000 calls of one record each by gRPC through Envoy; ghz comes with npm run stack:install.
	$(GHZ) --insecure --protoset gen/logpulse.binpb --call logpulse.v1.IngestService.Write --total 20000 --concurrency 50 --data '$(RECORD)' $(ADDRESS)
