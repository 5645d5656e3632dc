# SPDX-License-Identifier: MIT
# The targets that look at the tree rather than build it: tests, lint, figures.

FORMAT := $(shell command -v clang-format-14 || echo clang-format)
TIDY   := $(shell command -v clang-tidy-14 || echo clang-tidy)
PYTEST  = $(PYTHON) -m pytest -p no:cacheprovider -q -ra --timeout 300 -n $(PYTEST_JOBS) $(PYTEST_ARGS)
PYTEST_JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 4 ] && echo 4 || echo $$((n < 2 ? 2 : n)))
SUBMAKE = $(MAKE) --no-print-directory -j$(JOBS)

C_FILES     = $(shell git ls-files '*.c' '*.h' 2>/dev/null || find boot kernel lib servers tests -name '*.[ch]')
KERNEL_C    = $(filter %.c,$(KERNEL_SRCS) $(BASE_SRCS))
USER_C      = $(filter %.c,$(LIBSECOS_SRCS) $(LINUX_SRCS) $(foreach s,$(SERVERS),$(addprefix servers/$(s)/,$($(s)_SRCS))))
# clang-tidy reads our flags, but not the ones only GCC knows, nor -fstack-usage.
tidy_flags  = $(filter-out $(SYSTEM) -MMD -MP -fstack-usage -Werror -Wcast-align=strict -Wimplicit-fallthrough=5 \
	-Wduplicated-cond -Wlogical-op -Wstack-usage=% -mstack-protector-guard=global,$(1)) -nostdlibinc --target=x86_64-linux-gnu

.PHONY: test check lint format fuzz fuzz-syscalls soak irq-off bench bench-wall bench-peers profile growth coverage sanitize docs qemu-tests qemu-tests-only lint-only clang-build objects
test: ## host tests, then the QEMU tests
	@tools/setup test
	@$(SUBMAKE) all host-tests-only explore-short explore-bugs-only
	@$(MAKE) --no-print-directory qemu-tests-only

check: ## what CI runs: warnings are errors; gcc, clang, lint, a little fuzzing, all tests
	@tools/setup test lint
	@$(SUBMAKE) WERROR=1 all lint-only
	@$(SUBMAKE) fuzz-short
	@$(SUBMAKE) WERROR=1 clang-build
	@$(MAKE) --no-print-directory WERROR=1 mutants-short
	@$(MAKE) --no-print-directory WERROR=1 test

# A target that people type installs what is missing; NAME-only is what other targets call.
qemu-tests: ## QEMU tests only; PYTEST_ARGS='-k boot' chooses
	@tools/setup test
	@$(SUBMAKE) all $(BUILD)/bench/kernel.elf
	@$(MAKE) --no-print-directory qemu-tests-only
qemu-tests-only: all $(BUILD)/bench/kernel.elf
	@$(PYTEST) tests/qemu

# The same tree with the other compiler; linked, not run.
clang-build:
	@CC=$$(command -v clang-14 || echo clang); $(MAKE) --no-print-directory CC=$$CC BUILD=$(BUILD)/clang \
	$(BUILD)/clang/kernel.elf programs

objects: $(call kernel_objects,$(wildcard $(KERNEL_SRCS) $(BASE_SRCS))) $(call user_objects,$(wildcard $(LIBSECOS_SRCS)))

lint: ## format, clang-tidy, cppcheck, rooms, image audit
	@tools/setup run lint
	@$(SUBMAKE) all
	@$(SUBMAKE) lint-only

lint-only: lint-format lint-tidy lint-cppcheck lint-rooms lint-image lint-words lint-docs lint-labs lint-mutants
.PHONY: lint-format lint-tidy lint-cppcheck lint-rooms lint-image lint-words lint-docs lint-labs lint-mutants
lint-format:
	@echo "  LINT    format"
	@$(FORMAT) --dry-run -Werror $(C_FILES)
lint-tidy: $(BUILD)/asm_offsets.inc
	@echo "  LINT    clang-tidy"
	@printf '%s\n' $(KERNEL_C) | xargs -P $(JOBS) -n 4 sh -c '$(TIDY) --quiet "$$@" -- $(call tidy_flags,$(KERNEL_CFLAGS)) 2>/dev/null' sh
	@printf '%s\n' $(USER_C) | xargs -P $(JOBS) -n 4 sh -c '$(TIDY) --quiet "$$@" -- $(call tidy_flags,$(USER_CFLAGS)) 2>/dev/null' sh
lint-cppcheck:
	@echo "  LINT    cppcheck"
	@cppcheck --quiet --std=c11 --platform=unix64 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	--suppressions-list=tests/tools/cppcheck.txt -j$(JOBS) -Ikernel/abi -Ikernel -Ilib/base/include -Ilib/libsecos/include $(KERNEL_C) $(USER_C)
lint-rooms:
	@echo "  LINT    rooms"
	@$(PYTHON) tests/tools/check_layers.py
	@for f in $$(git ls-files 'boot/*.asm' 'kernel/*.c' 'kernel/*.asm' 'lib/*.c' 'lib/*.asm' 2>/dev/null | sed 's|.*/||'); do \
	grep -qw "$$f" $$(git ls-files '*.mk') Makefile || { echo "$$f is in no build.mk"; exit 1; }; done
lint-mutants:
	@echo "  LINT    mutants"
	@$(PYTHON) tests/tools/mutants.py --check
lint-image: $(BUILD)/kernel.elf programs
	@echo "  LINT    images"
	@$(PYTHON) tests/tools/check_image.py --kernel $(BUILD)/kernel.elf --programs $(PROGRAM_ELFS) --shipped $(MODULES)
	@$(PYTHON) tests/tools/size_report.py --brief
	@$(PYTHON) tests/tools/stack_report.py --limit 1024 --brief $(BUILD)/obj/kernel
lint-docs: lint-labs
	@echo "  LINT    docs"
	@$(PYTHON) tests/tools/check_docs.py
lint-labs:
	@echo "  LINT    labs"
	@$(PYTHON) tools/lab lint
lint-words:
	@echo "  LINT    words"
	@if git grep -nE '\b(TODO|FIXME|XXX)\b' -- '*.[ch]' '*.asm' '*.py' 2>/dev/null | grep -vE 'TODO\(#[0-9]+\)'; then \
	echo "a bare TODO: name its issue, TODO(#12)"; exit 1; fi

format: ## lay out every C file
	@tools/setup lint
	@$(FORMAT) -i $(C_FILES)

bench: ## exact instruction counts, and times as ratios -> build/bench.json; BENCH=fault_pager_cold measures one row; KEEP=1
	@tools/setup test $(if $(BENCH),,bench)
	@$(SUBMAKE) all $(if $(BENCH),,$(BUILD)/bench/traces $(BUILD)/bench/kernel.elf)
	@$(PYTHON) tests/bench/run.py $(if $(BENCH),--only $(BENCH),--out $(BUILD)/bench.json)
	@$(if $(BENCH),,$(PYTHON) tests/tools/compare_bench.py $(BUILD)/bench.json tests/bench/baseline.json $(if $(KEEP),--update))
	@$(if $(KEEP),$(PYTHON) tests/tools/check_docs.py --fix)

bench-wall: ## the rows of bench and of bench-peers in wall time, as ratios -> build/wall.json; ROUNDS=9, KEEP=1 keeps them
	@tools/setup test bench
	@$(SUBMAKE) all $(addprefix $(BUILD)/bench/,traces heap_peer kernel.elf)
	@$(PYTHON) tests/bench/wall.py --out $(BUILD)/wall.json $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(KEEP),--keep)

bench-peers: ## the same operations on Linux and on three heaps, beside ours -> build/peers.json; KEEP=1 (minutes; downloads a kernel)
	@tools/setup test bench
	@$(SUBMAKE) all $(BUILD)/bench/heap_peer
	@$(PYTHON) tests/bench/peers.py --out $(BUILD)/peers.json $(if $(KEEP),--keep)

profile: ## where a row's instructions go, by function: BENCH=ipc_roundtrip
	@tools/setup test
	@$(SUBMAKE) all
	@$(PYTHON) tests/bench/profile.py $(or $(BENCH),ipc_roundtrip) $(if $(LISTING),--listing $(LISTING))

growth: ## costs from 16 MiB to 16 GiB, from 1 to 100,000 -> build/growth.json; KEEP=1 keeps them and draws the plots
	@tools/setup test
	@$(SUBMAKE) all $(BUILD)/bench/kernel.elf
	@$(PYTHON) tests/bench/growth.py --out $(BUILD)/growth.json $(if $(KEEP),--keep)

fuzz: ## libFuzzer over what can run on a host; FUZZ_SECONDS=60
	@tools/setup lint
	@$(SUBMAKE) fuzz-run

irq-off: ## how long interrupts are off under the QEMU tests; PYTEST_ARGS chooses them
	@tools/setup test
	@$(SUBMAKE) all
	@$(PYTHON) tests/tools/irq_off.py -- -p no:cacheprovider -q --timeout 900 -n $(PYTEST_JOBS) $(or $(PYTEST_ARGS),tests/qemu)

SOAK ?= 10
SOAK_TESTS := $(addprefix tests/qemu/test_,leaks.py resources.py fuzz_syscalls.py preemption.py ipc.py guard.py serial.py \
	elf_refused.py entry.py)
soak: ## leaks, bombs, kills, exhaustion, fuzzed calls: SOAK=10 times as long as in CI
	@tools/setup test
	@$(SUBMAKE) all
	@SECOS_SOAK=$(SOAK) SECOS_TIMEOUT=600 $(PYTEST) --timeout 7200 $(SOAK_TESTS)

FUZZ_ROUNDS ?= 10
fuzz-syscalls: ## the system call fuzzer, for longer; FUZZ_ROUNDS=10, SECOS_SEED=n
	@tools/setup test
	@$(SUBMAKE) all
	@SECOS_SOAK=$(FUZZ_ROUNDS) SECOS_TIMEOUT=600 $(PYTEST) --timeout 3600 tests/qemu/test_fuzz_syscalls.py

# What the memory managers' branches are counted with, and where those stand that no host can take.
COVERAGE_TESTS := bitmap string memmap quota pmm heap paging region vmm vmm_claims large fail audits edges malloc boot_info published_api
COVERAGE_FILES := kernel/mm/ kernel/arch/x86_64/(paging.c|mmu_inline.h) lib/base/(src/(bitmap|slab).c|include/base/(bitmap|slab|checked|align).h)
coverage: ## branches of the memory managers that host tests take
	@tools/setup test coverage
	@rm -rf $(BUILD)/coverage
	@$(SUBMAKE) BUILD=$(BUILD)/coverage HOST_COVERAGE=1 SEEDS_MORE=$(BUILD)/fuzz/corpus $(COVERAGE_TESTS:%=host-test-%) host-seeds > \
	$(BUILD)/coverage.log || { tail -n 20 $(BUILD)/coverage.log; false; }
	@gcovr -r . --object-directory $(BUILD)/coverage/host $(foreach f,$(COVERAGE_FILES),--filter '$f') --json $(BUILD)/coverage.json
	@$(PYTHON) tests/tools/coverage_report.py $(BUILD)/coverage.json tests/host/unreachable.txt

.PHONY: prove
prove: ## Frama-C and Z3 over bitmap, ranges and memory map (installs 200 MB)
	@tools/setup prove
	@$(PYTHON) tests/proofs/prove.py

sanitize: ## kernels that watch themselves (UBSan, KASAN, failing allocations) under the QEMU tests
	@tools/setup test
	@$(SUBMAKE) all
	@$(SUBMAKE) BUILD=$(BUILD)/ubsan UBSAN=1 FAIL=1 $(BUILD)/ubsan/kernel.elf
	@$(SUBMAKE) BUILD=$(BUILD)/kasan KASAN=1 $(BUILD)/kasan/kernel.elf
	@$(PYTEST) tests/qemu/test_sanitize.py
	@for k in ubsan kasan; do echo "the QEMU tests on $(BUILD)/$$k/kernel.elf"; \
	SECOS_KERNEL=$(BUILD)/$$k/kernel.elf $(PYTEST) $(SANITIZE_TESTS) || exit 1; done
# Those that are about the kernel; figures, the SDK and what looks at the shipped image's registers are not.
SANITIZE_TESTS = $(filter-out %/test_docs.py %/test_setup.py %/test_sdk.py %/test_sanitize.py %/test_bench.py %/test_growth.py %/test_wall.py %/test_labs.py %/test_gdb.py %/test_doors.py %/test_kernel_stops.py %/test_image_audit.py,$(wildcard tests/qemu/test_*.py))

# The pictures of docs/pictures, drawn anew from runs of this tree; `make docs` shows these.
PICTURE = tools/secos-faults --icount
DEMO_FAULT = --run 'run faultdemo' --of faultdemo --draw sequence
DEMO_RUN   = --run 'run views basic' --with $(BUILD)/guests/views.elf
.PHONY: pictures
pictures: image
	@mkdir -p $(BUILD)/pictures
	@for p in server kernel self; do $(PICTURE) --options "pager=$$p aslr=off" $(DEMO_FAULT) -o $(BUILD)/pictures/fault_$$p.svg || exit 1; done
	@$(PICTURE) --options aslr=off $(DEMO_RUN) --save $(BUILD)/pictures/run.txt -o $(BUILD)/pictures/run.html
	@for d in timeline map; do tools/secos-faults $(BUILD)/pictures/run.txt --draw $$d -o $(BUILD)/pictures/run_$$d.svg || exit 1; done

.PHONY: mutants mutants-short
mutants: ## seeded bugs: does a test notice each? M=name for one
	@tools/setup test
	@$(SUBMAKE) all
	@$(PYTHON) tests/tools/mutants.py --jobs $(PYTEST_JOBS) $(M)
mutants-short: all
	@$(PYTHON) tests/tools/mutants.py --sample 2 --seed 1

docs: ## the book, as HTML in build/docs
	@tools/setup run docs
	@$(SUBMAKE) pictures docs-html
	@cp $(BUILD)/pictures/*.svg $(BUILD)/docs/_images/ && cp $(BUILD)/pictures/run.html $(BUILD)/docs/
	@echo "open $(BUILD)/docs/index.html"

# The same with the pictures that the tree keeps. The labs' texts stand beside their checkers.
.PHONY: docs-html
docs-html:
	@rm -rf $(BUILD)/docs-src && mkdir -p $(BUILD) && cp -R docs $(BUILD)/docs-src && mkdir $(BUILD)/docs-src/labs
	@for lab in labs/[0-9]*; do \
	sed 's|\.\./\.\./docs/|../|g' $$lab/README.md > $(BUILD)/docs-src/labs/$${lab#labs/}.md; done
	@sed -i 's|(\.\./CONTRIBUTING\.md)|(CONTRIBUTING.md)|' $(BUILD)/docs-src/README.md
	@{ printf '%s\n' --- 'orphan: true' --- ''; sed 's|](docs/|](|g; s|\[\([^]]*\)\](LICENSE)|\1|' CONTRIBUTING.md; } > $(BUILD)/docs-src/CONTRIBUTING.md
	@$(PYTHON) -m sphinx -q -b html $(BUILD)/docs-src $(BUILD)/docs
