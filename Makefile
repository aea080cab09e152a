# evpnd. `make help` lists the targets.

NODE_TOOLS = node_modules/.package-lock.json
BUILT = dist/.built
SOURCES = $(shell find src -name '*.ts' -not -path '*/dist/*' -not -path '*/node_modules/*')

.PHONY: all help demo demo-down test interop bench bench-quick fuzz simulate lint format schema clean

all: $(BUILT) ## install what it needs and build everything

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

$(NODE_TOOLS): package.json package-lock.json src/bgp-protocol/package.json
	npm ci --no-audit --no-fund
	@touch $@

$(BUILT): $(NODE_TOOLS) $(SOURCES) tsconfig.json tsconfig.build.json src/bgp-protocol/tsconfig.build.json
	npm run --silent build
	@chmod +x dist/daemon/main.js dist/cli/main.js
	@touch $@

# tap reads the list of its plugins only when it is built.
TAP_BUILT = node_modules/.tap-built
$(TAP_BUILT): $(NODE_TOOLS) .taprc
	npx tap build >/dev/null
	@touch $@

RUN_TS = node --import=tsx --conditions=evpnd-source

demo: $(BUILT) ## a fabric of two spines, three leaves and three hosts; as root in namespaces (KEEP=1 leaves it up)
	@interop/setup --demo || true
	@$(RUN_TS) interop/demo/run.ts $(if $(KEEP),--keep)

demo-down: $(NODE_TOOLS) ## remove the fabric that `make demo KEEP=1` left up
	@$(RUN_TS) interop/demo/run.ts --down

test: $(BUILT) $(TAP_BUILT) ## build, check types, and run all tests (those that need root or other programs skip themselves)
	@npm run --silent typecheck
	@$(RUN_TS) test/run.ts

interop: $(BUILT) ## labs against FRR, GoBGP, ExaBGP and BIRD in network namespaces (root; LABS="01 04" chooses)
	@$(RUN_TS) interop/run.ts $(LABS)

fuzz: $(NODE_TOOLS) ## mutate fixtures and captures against the codec for ten minutes (SECONDS=N SEED=N FROM=N)
	@$(RUN_TS) test/fuzz/run.ts --seconds $(or $(SECONDS),600) --seed $(or $(SEED),1) --from $(or $(FROM),0)

bench: $(BUILT) ## evpnd beside FRR, BIRD and GoBGP, written to docs/benchmarks.md (root; ONLY=leaf,churn prints chosen rows, RUNS=5)
	@$(RUN_TS) test/bench/fabric/main.ts $(if $(RUNS),--runs $(RUNS)) $(if $(ONLY),--only $(ONLY))
	@$(if $(ONLY),true,$(RUN_TS) test/bench/codec.ts --write docs/benchmarks-codec.md)

bench-quick: $(BUILT) ## guard against regressions by ratio to a calibration loop, in under two minutes
	@$(RUN_TS) test/bench/fabric/quick.ts

simulate: $(NODE_TOOLS) ## whole fabrics in one process under faults (SCHEDULES=1000 SEED=1 LEAVES= RESTARTS=1; ROUTES=20000: a large one)
	@$(RUN_TS) test/simulate/run.ts $(if $(SCHEDULES),--schedules $(SCHEDULES)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(LEAVES),--leaves $(LEAVES)) $(if $(ROUTES),--routes $(ROUTES)) $(if $(VNIS),--vnis $(VNIS)) \
	  $(if $(VNIS_PER_LEAF),--vnis-per-leaf $(VNIS_PER_LEAF)) $(if $(REFLECTORS),--reflectors $(REFLECTORS)) \
	  $(if $(RESTARTS),--restarts) $(if $(REPLAY),--replay $(REPLAY)) $(if $(SAVE),--save $(SAVE)) $(if $(VERBOSE),--verbose)

lint: $(NODE_TOOLS) ## check style and formatting
	@npm run --silent lint

format: $(NODE_TOOLS) ## put the formatting right
	@npm run --silent format

schema: $(NODE_TOOLS) ## write the JSON schemas of the configuration and of evpnctl anew from the code
	@$(RUN_TS) src/config/write-schema.ts
	@$(RUN_TS) test/control/api-schema.ts

clean: ## remove what was built or cached
	rm -rf dist src/bgp-protocol/dist .tap .cache node_modules
