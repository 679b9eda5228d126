# The front door for people: installs what is missing, then calls the CMake presets.
PRESET ?= release
FUZZ_SECONDS ?= 600
BINARY := build/$(PRESET)/pipeline

.PHONY: build run serve examples peers aws-actions test bench fuzz format install clean

build: install
	@cmake --preset $(PRESET) --log-level=WARNING
	@cmake --build --preset $(PRESET) --target pipeline

run: build
	@examples/run-example fastapi $(BINARY)

serve: build
	@examples/serve-example fastapi $(BINARY)

examples: build
	@examples/run-all $(BINARY)

test: install
	@cmake --preset $(PRESET) --log-level=WARNING
	@cmake --build --preset $(PRESET)
	@ctest --preset $(PRESET)

peers: build
	@tests/emulator/run-peers $(BINARY)

aws-actions: build
	@tests/emulator/run-aws-actions $(BINARY)

bench: install
	@cmake --preset $(PRESET) --log-level=WARNING -DPIPELINE_BENCH=ON
	@cmake --build --preset $(PRESET)
	@bench/run $(BINARY)
	@bench/jobs $(BINARY)
	@bench/log $(BINARY)
	@bench/checkout $(BINARY)
	@bench/caches $(BINARY)
	@bench/images $(BINARY)
	@bench/build $(BINARY)
	@bench/serve $(BINARY)
	@bench/deploy $(BINARY)
	@build/$(PRESET)/bench/micro_benchmark --benchmark_min_time=0.2
	@build/$(PRESET)/bench/language_benchmark --benchmark_min_time=0.2

fuzz: install
	@cmake --preset fuzz --log-level=WARNING
	@cmake --build --preset fuzz
	@tests/fuzz/run --seconds $(FUZZ_SECONDS) build/fuzz/tests/fuzz

format: install
	@git ls-files '*.h' '*.cpp' | xargs clang-format-14 -i

install:
	@./install-packages

clean:
	rm -rf build .pipeline
